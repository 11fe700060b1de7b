<?php
// Logs in with PECL's oauth. Its configuration is the environment: the addresses of the three steps, the keys, the bundle.
// It prints the URL for the user's browser, and reads the callback URL.

$oauth = new OAuth(
    getenv('TWITTER_CLIENT_ID'), getenv('TWITTER_CLIENT_SECRET'), OAUTH_SIG_METHOD_HMACSHA1, OAUTH_AUTH_TYPE_AUTHORIZATION
);
$oauth->setCAPath(dirname(getenv('SSL_CERT_FILE')), getenv('SSL_CERT_FILE')); // libcurl does not read the variable

$temporary = $oauth->getRequestToken(
    getenv('EMULATED_TWITTER_REQUEST_TOKEN_URL'), 'https://app.example/callback', OAUTH_HTTP_METHOD_POST
);
echo getenv('EMULATED_TWITTER_AUTHORIZE_URL'), '?oauth_token=', rawurlencode($temporary['oauth_token']), "\n";

parse_str(parse_url(trim(fgets(STDIN)), PHP_URL_QUERY), $returned);
if ($returned['oauth_token'] !== $temporary['oauth_token']) {
    throw new Exception('the callback is that of another login');
}
$oauth->setToken($temporary['oauth_token'], $temporary['oauth_token_secret']);
$token = $oauth->getAccessToken(
    getenv('EMULATED_TWITTER_ACCESS_TOKEN_URL'), null, $returned['oauth_verifier'], OAUTH_HTTP_METHOD_POST
);

$oauth->setToken($token['oauth_token'], $token['oauth_token_secret']);
$urls = [
    getenv('EMULATED_TWITTER_API_BASE_URL') . 'account/settings.json?a=b%20c',
    getenv('EMULATED_TWITTER_HTTPS') . 'api.x.com/2/tweets?text=%C3%A9',
];
foreach ($urls as $url) {
    $oauth->fetch($url, [], OAUTH_HTTP_METHOD_GET);
    echo json_decode($oauth->getLastResponse())->user, "\n";
}
