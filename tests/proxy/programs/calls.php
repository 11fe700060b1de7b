<?php
// Calls an API by PHP's curl, through the address in the environment. Prints a line of JSON for each answer.
$at = getenv("OAUTH1_PROXY_URL") . $argv[1];

function call(string $name, string $path, array $options): void
{
    global $at;
    $handle = curl_init($at . $path);
    curl_setopt_array($handle, $options + [CURLOPT_RETURNTRANSFER => true]);
    $body = curl_exec($handle);
    if ($body === false) {
        fwrite(STDERR, curl_error($handle));
        exit(1);
    }
    echo json_encode([$name, curl_getinfo($handle, CURLINFO_RESPONSE_CODE), $body]), "\n";
}

call("get", "?q=a%20b&e=%C3%A9&q=2", []);
call("form", "", [CURLOPT_POSTFIELDS => http_build_query(["a" => "b c", "d" => "+é&"])]);
call("json", "", [CURLOPT_POSTFIELDS => '{"a": "b c"}', CURLOPT_HTTPHEADER => ["Content-Type: application/json"]]);
call("multipart", "", [CURLOPT_POSTFIELDS => [
    "title" => "A cat é",
    "photo" => new CURLStringFile("\x00\xff\r\n--", "cat.png", "image/png"),
]]);

$left = 20;
call("stream", "", [
    CURLOPT_UPLOAD => true,
    CURLOPT_HTTPHEADER => ["Content-Type: application/octet-stream"],
    CURLOPT_READFUNCTION => function ($handle, $file, $length) use (&$left) {
        return $left-- > 0 ? str_repeat(chr($left + 1), 10000) : "";
    },
]);
