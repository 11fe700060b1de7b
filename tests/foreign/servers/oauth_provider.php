<?php
// A provider that verifies with OAuthProvider of PECL's oauth, as a router of PHP's own server. Each request is a process
// of its own: what was issued is kept in a file beside the configuration.
// Usage: FOREIGN_CONFIGURATION=CONFIGURATION php -S 127.0.0.1:PORT oauth_provider.php

$configuration = json_decode(file_get_contents(getenv('FOREIGN_CONFIGURATION')), true);
$file = getenv('FOREIGN_CONFIGURATION') . '.issued';
$issued = file_exists($file) ? json_decode(file_get_contents($file), true) : ['request' => [], 'access' => []];
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$url = "http://{$_SERVER['HTTP_HOST']}" . strtok($_SERVER['REQUEST_URI'], '?');
$public_key = $configuration['public_key'];

function refuse(string $reason): never
{
    http_response_code(401);
    exit($reason);
}

function form(array $fields): never
{
    header('Content-Type: application/x-www-form-urlencoded');
    exit(http_build_query($fields));
}

if ($path === '/authorize') {
    $temporary = $issued['request'][$_GET['oauth_token']];
    $back = http_build_query(['oauth_token' => $_GET['oauth_token'], 'oauth_verifier' => $temporary['verifier']]);
    header('Location: ' . $temporary['callback'] . (str_contains($temporary['callback'], '?') ? '&' : '?') . $back);
    http_response_code(302);
    exit;
}

$tokens = match ($path) {
    '/initiate' => [],
    '/token' => array_map(fn ($one) => $one['secret'], $issued['request']),
    default => $configuration['tokens'] + $issued['access'],
};
try {
    $provider = new OAuthProvider();
    $provider->consumerHandler(function ($provider) use ($configuration) {
        $provider->consumer_secret = $configuration['clients'][$provider->consumer_key] ?? null;
        return $provider->consumer_secret === null ? OAUTH_CONSUMER_KEY_UNKNOWN : OAUTH_OK;
    });
    $provider->timestampNonceHandler(fn ($provider) => OAUTH_OK);
    $provider->tokenHandler(function ($provider) use ($tokens) {
        $provider->token_secret = $tokens[$provider->token] ?? null;
        return $provider->token_secret === null ? OAUTH_TOKEN_REJECTED : OAUTH_OK;
    });
    $provider->isRequestTokenEndpoint($path === '/initiate');
    $provider->checkOAuthRequest($url);
} catch (Throwable $problem) {
    refuse(get_class($problem) . ": {$problem->getMessage()}" . OAuthProvider::reportProblem($problem));
}

$number = bin2hex(random_bytes(8));
if ($path === '/initiate') {
    $verifier = "verifier-$number";
    $issued['request']["request-$number"] = [
        'secret' => "secret-$number", 'callback' => $provider->callback, 'verifier' => $verifier,
    ];
    file_put_contents($file, json_encode($issued));
    form(['oauth_token' => "request-$number", 'oauth_token_secret' => "secret-$number", 'oauth_callback_confirmed' => 'true']);
}
if ($path === '/token') {
    $temporary = $issued['request'][$provider->token];
    unset($issued['request'][$provider->token]);
    if ($provider->verifier !== $temporary['verifier']) {
        refuse('verifier_invalid');
    }
    $issued['access']["access-$number"] = "secret-$number";
    file_put_contents($file, json_encode($issued));
    form(['oauth_token' => "access-$number", 'oauth_token_secret' => "secret-$number"]);
}
header('Content-Type: application/json');
echo '{"user": "ada"}';
