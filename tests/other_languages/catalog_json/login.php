<?php
// Logs in to a provider with catalog.json and PECL's oauth: all that it knows of a provider is in that file.
// Usage: login.php CATALOG_JSON. Each line of its input is a job, and each line of its output the answer, as in login.mjs.

set_error_handler(fn($level, $message) => throw new ErrorException($message));
$catalog = json_decode(file_get_contents($argv[1]), true, flags: JSON_THROW_ON_ERROR);

// --- The fields of a provider for an application: environment, options, variables (docs/other-languages.md).

function merge(array $base, array $over): array
{
    foreach ($over as $name => $value) {
        $below = $base[$name] ?? null;
        $are_mappings = is_array($value) && is_array($below) && !(array_is_list($value) && $value);
        $base[$name] = $are_mappings ? merge($below, $value) : $value;
    }
    return $base;
}

function path_start(string $url): int
{
    $host = strpos($url, '://');
    return $host === false ? 0 : $host + 3 + strcspn($url, '/?#', $host + 3);
}

function fill(string $text, array $values, string $name): string
{
    $is_address = preg_match('/(^|_)url$|^userinfo_endpoint$|^userinfo_followup$/', $name);
    $fill = function (array $found) use ($text, $values, $is_address): string {
        [[$whole, $at], [$key]] = $found;
        if (!isset($values[$key])) {
            return $whole;
        }
        if (!$is_address) {
            return $values[$key];
        }
        return $at === 0 ? rtrim($values[$key], '/') : ($at < path_start($text) ? $values[$key] : rawurlencode($values[$key]));
    };
    return preg_replace_callback('/\{([A-Za-z_][A-Za-z0-9_]*)\}/', $fill, $text, flags: PREG_OFFSET_CAPTURE);
}

function filled(mixed $data, array $values, string $name = ''): mixed
{
    if (is_string($data)) {
        return fill($data, $values, $name);
    }
    if (!is_array($data)) {
        return $data;
    }
    $result = [];
    foreach ($data as $key => $value) {
        $result[$key] = filled($value, $values, array_is_list($data) ? $name : $key);
    }
    return $result;
}

function applied(string $step, string $text): string
{
    return match ($step) {
        'lower' => strtolower($text),
        'upper' => strtoupper($text),
        'underscore_to_dash' => strtr($text, '_', '-'),
        'dash_to_underscore' => strtr($text, '-', '_'),
    };
}

function resolve(string $name, ?string $environment, array $given): array
{
    global $catalog;
    $provider = $catalog['providers'][$name];
    ['options' => $options, 'variables' => $variables] = $provider;
    if ($environment !== null) {
        $changed = $provider['environments'][$environment];
        unset($changed['description']);
        $provider = array_replace($provider, $changed);
    }
    foreach ($options as $key => $option) {
        $value = $given[$key] ?? null; // the default is in the fields
        if ($value !== null) {
            $chosen = is_array($value) ? implode($option['separator'], $value) : $value;
            $provider = merge($provider, filled($option['sets'], ['value' => $chosen]));
        }
    }
    $values = [];
    foreach ($variables as $key => $variable) {
        if ($variable['from'] === null) {
            $values[$key] = $given[$key] ?? $variable['default'];
        }
    }
    foreach ($variables as $key => $variable) {
        if ($variable['from'] !== null) {
            $values[$key] = array_reduce($variable['apply'], fn($text, $step) => applied($step, $text), $values[$variable['from']]);
        }
    }
    unset($provider['options'], $provider['variables'], $provider['environments']);
    return filled($provider, $values);
}

// --- A login (RFC 5849, section 2).

const METHODS = [
    'HMAC-SHA1' => OAUTH_SIG_METHOD_HMACSHA1,
    'HMAC-SHA256' => OAUTH_SIG_METHOD_HMACSHA256,
    'RSA-SHA1' => OAUTH_SIG_METHOD_RSASHA1,
    'PLAINTEXT' => 'PLAINTEXT',
];

function form(array $fields): string
{
    return http_build_query($fields, '', '&', PHP_QUERY_RFC3986);
}

function add_query(string $url, string $query): string
{
    return $query === '' ? $url : $url . (str_contains($url, '?') ? '&' : '?') . $query;
}

function at_emulator(string $url, array $job): string
{
    return preg_replace('~^https?://~', $job['https'], $url); // the only change for the emulator
}

function send(array $job, array $provider, array $call): array
{
    $call += ['protocol' => [], 'fields' => [], 'headers' => [], 'token' => null, 'authorization' => null];
    $signing = $provider['client_kwargs'];
    if ($signing['profile'] !== 'rfc5849' || $signing['body_hash'] !== 'none' || $signing['version'] === 'none') {
        throw new Exception('not supported');
    }
    $url = at_emulator($call['url'], $job);
    $headers = array_merge($provider['headers'], $call['headers']);
    $agent = $provider['user_agent']['value'] ?? $job['user_agent'] ?? null;
    if ($agent !== null) {
        $headers['User-Agent'] = $agent;
    }
    $body = $call['fields'] ? form($call['fields']) : null;
    if ($call['authorization']) {
        [$name, $value] = $call['authorization'];
        $headers[$name] = $value;
    } else {
        $own = signed($job, $signing, $call, $url);
        if ($call['placement'] === 'QUERY') {
            $url = add_query($url, form($own));
        } elseif ($call['placement'] === 'BODY') {
            $body = form($call['fields'] + $own);
        } else {
            $realm = isset($signing['realm']) ? ["realm=\"{$signing['realm']}\""] : [];
            $pairs = array_map(fn($name, $value) => $name . '="' . rawurlencode($value) . '"', array_keys($own), $own);
            $headers['Authorization'] = 'OAuth ' . implode(', ', [...$realm, ...$pairs]);
        }
    }
    if ($body !== null) {
        $headers['Content-Type'] = 'application/x-www-form-urlencoded';
    }
    $lines = array_map(fn($name, $value) => "$name: $value", array_keys($headers), $headers);
    $context = stream_context_create([
        'http' => [
            'method' => $call['method'], 'header' => $lines, 'content' => $body ?? '',
            'follow_location' => 0, 'ignore_errors' => true, 'protocol_version' => '1.1',
        ],
        'ssl' => ['cafile' => getenv('SSL_CERT_FILE')],
    ]);
    $text = file_get_contents($url, false, $context);
    return [(int) explode(' ', $http_response_header[0])[1], $text];
}

function signed(array $job, array $signing, array $call, string $url): array
{
    $name = $signing['signature_method'];
    // PECL's oauth refuses a client without a secret. RSA uses none, and PLAINTEXT needs no library.
    $secret = $job['client_secret'] ?? '';
    $oauth = new OAuth($job['client_id'], $secret === '' ? 'none' : $secret, METHODS[$name]);
    if ($name === 'RSA-SHA1') {
        $oauth->setRSACertificate($job['rsa_key']);
    }
    [$nonce, $timestamp] = [bin2hex(random_bytes(16)), (string) time()];
    $oauth->setNonce($nonce);
    $oauth->setTimestamp($timestamp);
    $own = $call['protocol'];
    if ($call['token']) {
        $oauth->setToken($call['token']['oauth_token'], $call['token']['oauth_token_secret'] ?? '');
    } elseif ($signing['empty_token']) {
        $own['oauth_token'] = '';
    }
    $signature = $oauth->generateSignature($call['method'], $url, $call['fields'] + $own);
    if ($name === 'PLAINTEXT') {
        $signature = rawurlencode($secret) . '&' . rawurlencode($call['token']['oauth_token_secret'] ?? '');
    }
    if ($call['token']) {
        $own['oauth_token'] = $call['token']['oauth_token'];
    }
    return $own + [
        'oauth_consumer_key' => $job['client_id'], 'oauth_nonce' => $nonce, 'oauth_timestamp' => $timestamp,
        'oauth_signature_method' => $name, 'oauth_version' => '1.0', 'oauth_signature' => $signature,
    ];
}

function read(array $provider, array $answer): array
{
    [$status, $text] = $answer;
    if ($status !== 200) {
        throw new Exception("$status $text");
    }
    ['format' => $format, 'fields' => $names] = $provider['token_response'];
    $kind = $format !== 'auto' ? $format : (['{' => 'json', '<' => 'xml'][ltrim($text)[0]] ?? 'form');
    $fields = [];
    if ($kind === 'form') {
        foreach (explode('&', trim($text)) as $pair) { // parse_str changes names with a dot
            [$name, $value] = explode('=', $pair, 2);
            $fields[urldecode($name)] = urldecode($value);
        }
    } elseif ($kind === 'json') {
        $fields = array_map(fn($value) => is_string($value) ? $value : json_encode($value), json_decode($text, true));
    } else {
        preg_match_all('~<(\w+)>([^<]*)</\1>~', $text, $found);
        $fields = array_combine($found[1], $found[2]);
    }
    foreach ($names as $standard => $theirs) {
        if (isset($fields[$theirs])) {
            $fields[$standard] = $fields[$theirs];
        }
    }
    if (!isset($fields['oauth_token'])) {
        throw new Exception("no token in $text");
    }
    if (!isset($fields['oauth_token_secret']) && $provider['callback']['secret'] === 'required') {
        throw new Exception("no secret in $text");
    }
    return $fields;
}

function token_request(array $job, array $provider, string $step, array $call): array
{
    $own = filled($provider["{$step}_params"], ['client_id' => $job['client_id']] + $call['values']);
    $in_body = $provider["{$step}_params_in"] === 'body';
    return send($job, $provider, $call + [
        'method' => $provider["{$step}_method"],
        'url' => $in_body ? $provider["{$step}_url"] : add_query($provider["{$step}_url"], form($own)),
        'fields' => $in_body ? $own : [],
        'headers' => $provider["{$step}_headers"] ?? [],
        'placement' => $provider['token_signature_type'] ?? $provider['client_kwargs']['signature_type'],
    ]);
}

function login(array $job): array
{
    $provider = resolve($job['provider'], $job['environment'], $job['values']);
    $rules = $provider['callback'];
    $callback = $rules['value'] === 'oob' ? 'oob' : $job['redirect_uri'];
    $temporary = read($provider, token_request($job, $provider, 'request_token', [
        'protocol' => ['oauth_callback' => $callback], 'values' => [],
    ]));
    $confirmed = $temporary['oauth_callback_confirmed'] ?? null;
    if (in_array($confirmed, ['false', '0', 'no'], true) || ($confirmed === null && $rules['confirmed'] === 'required')) {
        throw new Exception('the callback is not confirmed');
    }

    $values = [
        'client_id' => $job['client_id'], 'oauth_token' => $temporary['oauth_token'], 'oauth_callback' => $job['redirect_uri'],
    ];
    $given = $provider['authorize_url_field'] ? $temporary[$provider['authorize_url_field']] : null;
    $query = $given ? [] : filled($provider['authorize_params'], $values);
    $state = bin2hex(random_bytes(16));
    if ($rules['state_param']) {
        $query[$rules['state_param']] = $state;
    }
    $query[$provider['authorize_token_param']] = $temporary['oauth_token'];
    $sends = ['always' => true, 'never' => false, 'if_unconfirmed' => $rules['confirmed'] === 'none'][$rules['send_at_authorize']];
    if ($sends && !$given && !isset($query['oauth_callback'])) {
        $query['oauth_callback'] = $job['redirect_uri'];
    }
    if ($given && str_contains($given, "{$provider['authorize_token_param']}=")) {
        unset($query[$provider['authorize_token_param']]);
    }
    $address = $given ?? at_emulator(fill($provider['authorize_url'], $values, 'authorize_url'), $job);
    echo json_encode(['url' => add_query($address, form($query))]), "\n";

    $callback = json_decode(fgets(STDIN), true)['callback'];
    $back = [];
    parse_str(parse_url($callback, PHP_URL_QUERY) ?? '', $back);
    if (($back[$rules['token_param']] ?? $temporary['oauth_token']) !== $temporary['oauth_token']) {
        throw new Exception('another login');
    }
    if ($rules['state_param'] && $back[$rules['state_param']] !== $state) {
        throw new Exception('another state');
    }
    $verifier = $rules['verifier'] === 'none' ? null : $back[$rules['verifier_param']] ?? null;
    if ($verifier === null && $rules['verifier'] === 'required') {
        throw new Exception('no verifier');
    }
    $token = read($provider, token_request($job, $provider, 'access_token', [
        'token' => $temporary,
        'protocol' => $verifier === null ? [] : ['oauth_verifier' => $verifier],
        'values' => ['oauth_token' => $temporary['oauth_token']],
    ]));
    return ['token' => $token] + profile($job, $provider, $token);
}

// --- A call with the token.

function profile(array $job, array $provider, array $token): array
{
    $base = $provider['api_base_url'];
    if ($base === null) {
        return [];
    }
    $endpoint = $provider['userinfo_endpoint'];
    $path = $endpoint && $endpoint !== 'token_response' ? fill($endpoint, $token, 'userinfo_endpoint') : '';
    $origin = substr($base, 0, path_start($base));
    $url = str_contains($path, '://') ? $path : (str_starts_with($path, '/') ? $origin . $path : $base . $path);
    $values = ['client_id' => $job['client_id']];
    $params = $path === '' ? [] : filled($provider['userinfo_params'], $values + $token);
    $always = str_starts_with("$url/", "$origin/") ? filled($provider['api_params'], $values) : [];
    [$status, $body] = send($job, $provider, [
        'method' => $path === '' ? 'GET' : $provider['userinfo_method'],
        'url' => add_query($url, form($params + $always)),
        'placement' => $provider['client_kwargs']['signature_type'],
        'token' => $token,
        'authorization' => match ($provider['api_auth']) {
            'signature' => null,
            'bearer' => ['Authorization', "Bearer {$token['oauth_token']}"],
            'header' => [$provider['api_auth_header'], $token['oauth_token']],
        },
    ]);
    return ['status' => $status, 'body' => $body];
}

while (($line = fgets(STDIN)) !== false) {
    $job = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
    $answer = isset($job['client_id']) ? login($job) : resolve($job['provider'], $job['environment'], $job['values']);
    echo json_encode($answer, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR), "\n";
}
