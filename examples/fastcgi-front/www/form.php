<?php
header_remove('X-Powered-By');
setcookie('seen', 'yes');
setcookie('page', '1');
header('Content-Type: application/json');
http_response_code($_SERVER['REQUEST_METHOD'] === 'POST' ? 201 : 200);
echo json_encode(['method' => $_SERVER['REQUEST_METHOD'], 'path' => $_SERVER['PATH_INFO'] ?? '', 'query' => $_GET, 'form' => $_POST]), "\n";
