// A program that runs weir as a library: capi ARGUMENTS. A line on standard input ends weir, at once if it is "force".
#include <pthread.h>
#include <stdio.h>
#include <string.h>

int pipy_main(int argc, char *argv[]);
void pipy_exit(int force);

static void *read_lines(void *unused)
{
  char line[80];

  while (fgets(line, sizeof(line), stdin))
    pipy_exit(strcmp(line, "force\n") == 0);
  return unused;
}

int main(int argc, char *argv[])
{
  pthread_t reader;
  int i;

  pipy_exit(1); // nothing runs: nothing happens
  if (pthread_create(&reader, NULL, read_lines, NULL))
    return 1;
  for (i = 0; i < 2; i++) {
    printf("pipy_main returned %d\n", pipy_main(argc, argv));
    fflush(stdout);
  }
  return 0;
}
