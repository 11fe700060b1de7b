<?php
// Calls with PECL's oauth, right or with a mistake. Usage: php pecl_oauth_client.php JOBS
// The library is compiled: what cannot be changed in it, the application does with what it passes and what it gets.

$configuration = json_decode(file_get_contents($argv[1]), true);
const FORM = 'application/x-www-form-urlencoded';
const METHODS = ['HMAC-SHA1' => OAUTH_SIG_METHOD_HMACSHA1, 'HMAC-SHA256' => OAUTH_SIG_METHOD_HMACSHA256,
    'RSA-SHA1' => OAUTH_SIG_METHOD_RSASHA1, 'PLAINTEXT' => OAUTH_SIG_METHOD_PLAINTEXT];

function joined(array $pairs): string
{
    return implode('&', array_map(fn ($pair) => rawurlencode($pair[0]) . '=' . rawurlencode($pair[1]), $pairs));
}

function with_signature(string $header, callable $change): string
{
    return preg_replace_callback(
        '/oauth_signature="([^"]*)"/',
        fn ($found) => 'oauth_signature="' . rawurlencode($change(rawurldecode($found[1]))) . '"',
        $header
    );
}

function header_of(array $job, array $keys): string
{
    $kind = $job['kind'];
    $address = $keys[$job['endpoint']] . $job['path'];
    $method = $job['method'];
    $query = $job['query'];
    $params = array_column($job['form'] ?? [], 1, 0);
    [$client, $token] = [$keys['client_secret'], $keys['token_secret']];
    switch ($kind) {
        case 'swapped': [$client, $token] = [$token, $client]; break;
        case 'no_token_secret': $token = ''; break;
        case 'newline': $client .= "\n"; break;
        case 'identifier': $token = $keys['token']; break;
        case 'quotes': $client = "\"$client\""; break;
        case 'query_appended': $query = []; break;
        case 'form_unsigned': $params = []; break;
        case 'json_as_form': $params = json_decode($job['json'], true); break;
        case 'http': $address = str_replace('https:', 'http:', $address); break;
        case 'no_port': $address = preg_replace('/localhost:[0-9]+/', 'localhost', $address); break;
        case 'host_capitals': $address = str_replace('localhost', 'LOCALHOST', $address); break;
        case 'twice': $query = array_map(fn ($pair) => [$pair[0], rawurlencode($pair[1])], $query); break;
        case 'plus': $query = array_map(fn ($pair) => [$pair[0], str_replace(' ', '+', $pair[1])], $query); break;
        case 'slash': $address .= '/'; break;
        case 'method': $method = 'POST'; break;
        case 'realm': $params['realm'] = 'Photos'; break;
        case 'empty': $query = array_filter($query, fn ($pair) => $pair[1] !== ''); break;
        case 'repeated': $query = array_map(null, array_keys($kept = array_column($query, 1, 0)), $kept); break;
        case 'array': // http_build_query numbers what is sent as a[]
            parse_str(joined($query), $found);
            parse_str(http_build_query($found), $found);
            $query = [];
            foreach ($found as $name => $values) {
                foreach ((array) $values as $number => $value) {
                    $query[] = [is_array($values) ? "{$name}[$number]" : $name, $value];
                }
            }
            break;
    }
    $signed = METHODS[$kind === 'other_hash' ? 'HMAC-SHA256' : $keys['signature_method']];
    $oauth = new OAuth($keys['client_id'], $client, $signed, OAUTH_AUTH_TYPE_AUTHORIZATION);
    if ($keys['signature_method'] === 'RSA-SHA1') {
        $oauth->setRSACertificate($keys['private_key']);
    }
    $url = $query ? "$address?" . joined($query) : $address;
    if ($job['endpoint'] === 'request_token') {
        if ($kind !== 'no_callback') {
            $params['oauth_callback'] = 'oob';
        }
    } else {
        $oauth->setToken($keys['token'], $token);
    }
    $hash = null;
    if ($keys['body_hash'] && $job['form'] === null && $kind !== 'hash_missing') {
        $content = $job['json'] ?? '';
        $content = $kind === 'hash_wrong' ? json_encode(json_decode($content), JSON_PRETTY_PRINT) : $content;
        $params['oauth_body_hash'] = base64_encode(sha1($content, true));
    }
    $header = $oauth->getRequestHeader($method, $url, $params);
    foreach (['oauth_callback', 'oauth_body_hash'] as $name) {
        if (isset($params[$name]) && !str_contains($header, $name)) {
            $header .= ",$name=\"" . rawurlencode($params[$name]) . '"';
        }
    }
    $header = match ($kind) {
        'other_hash' => str_replace('HMAC-SHA256', 'HMAC-SHA1', $header),
        'hex' => with_signature($header, fn ($text) => bin2hex(base64_decode($text))),
        'base64_newline' => with_signature($header, fn ($text) => chunk_split($text, 76, "\n")),
        'sig_twice' => with_signature($header, fn ($text) => rawurlencode($text)),
        'padding' => with_signature($header, fn ($text) => rtrim($text, '=')),
        default => $header,
    };
    return $kind === 'realm' ? str_replace('OAuth ', 'OAuth realm="Photos",', $header) : $header;
}

foreach ($configuration['jobs'] as $job) {
    $keys = $configuration['providers'][$job['provider']];
    $headers = ['Authorization: ' . header_of($job, $keys), 'Connection: close'];
    $content = null;
    if ($job['form'] !== null) {
        [$content, $headers[]] = [joined($job['form']), 'Content-Type: ' . FORM];
    } elseif ($job['json'] !== null) {
        [$content, $headers[]] = [$job['json'], 'Content-Type: application/json'];
    } elseif ($job['method'] !== 'GET') {
        $headers[] = 'Content-Length: 0';
    }
    $url = $keys[$job['endpoint']] . $job['path'] . ($job['query'] ? '?' . joined($job['query']) : '');
    if ($job['kind'] === 'host_capitals') {
        $headers[] = 'Host: ' . strtoupper(parse_url($url, PHP_URL_HOST)) . ':' . parse_url($url, PHP_URL_PORT);
    }
    $http = ['method' => $job['method'], 'header' => $headers, 'content' => $content, 'ignore_errors' => true, 'timeout' => 60];
    $context = stream_context_create(['http' => array_filter($http, fn ($one) => $one !== null), 'ssl' => ['cafile' => $configuration['ca_file']]]);
    $text = file_get_contents($url, false, $context);
    $status = (int) explode(' ', $http_response_header[0] ?? '0 0')[1];
    echo json_encode(['id' => $job['id'], 'status' => $status, 'text' => (string) $text], JSON_INVALID_UTF8_SUBSTITUTE), "\n";
}
