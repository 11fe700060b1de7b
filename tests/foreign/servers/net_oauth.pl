# A provider that verifies with Net::OAuth. Usage: net_oauth.pl PORT CONFIGURATION
use strict;
use warnings;
use Crypt::OpenSSL::RSA;
use Encode qw(decode_utf8);
use HTTP::Daemon;
use HTTP::Response;
use JSON::PP;
use Net::OAuth;
use URI;
use URI::Escape qw(uri_escape uri_unescape);

$Net::OAuth::PROTOCOL_VERSION = Net::OAuth::PROTOCOL_VERSION_1_0A;
my ($port, $file) = @ARGV;
open my $handle, '<', $file or die $!;
my $configuration = JSON::PP->new->utf8->decode(do { local $/; <$handle> });
my $public_key = Crypt::OpenSSL::RSA->new_public_key($configuration->{public_key});
my %issued;    # by token: its secret, the callback and the verifier
my $count = 0;

sub pairs {
    my ($text) = @_;
    my %pairs;
    for my $pair (grep { length } split /&/, $text) {
        my ($name, $value) = map { s/\+/ /gr } split(/=/, $pair, 2);
        $pairs{decode_utf8(uri_unescape($name // ''))} = decode_utf8(uri_unescape($value // ''));
    }
    return \%pairs;
}

# The verified message; dies with the reason of a refusal.
sub verified {
    my ($request, $kind, $secret_of) = @_;
    my $url = URI->new('http://' . $request->header('Host') . $request->uri);
    my %parameters = %{pairs($url->query // '')};
    if (($request->content_type // '') eq 'application/x-www-form-urlencoded') {
        %parameters = (%parameters, %{pairs($request->content)});
    }
    $url->query(undef);
    my $header = $request->header('Authorization') // '';
    my %api = (request_url => $url, request_method => $request->method);
    my ($key) = $header =~ /oauth_consumer_key="([^"]*)"/;
    my ($token) = $header =~ /oauth_token="([^"]*)"/;
    $key = decode_utf8(uri_unescape($key // $parameters{oauth_consumer_key} // ''));
    $token = decode_utf8(uri_unescape($token // $parameters{oauth_token} // ''));
    $api{consumer_secret} = $configuration->{clients}{$key} // die "unknown client\n";
    $api{token_secret} = $secret_of->($token) // die "unknown token\n" if $kind ne 'request token';
    # An HMAC would be made with a signature_key, too.
    $api{signature_key} = $public_key if ($header . ($parameters{oauth_signature_method} // '')) =~ /RSA-SHA1/;
    my $class = Net::OAuth->request($kind);
    my $message = $header =~ /^OAuth /
        ? $class->from_authorization_header($header, %api, extra_params => \%parameters)
        : $class->from_hash(\%parameters, %api);
    $message->verify or die "signature_invalid\n";
    return $message;
}

sub form {
    my (%fields) = @_;
    my $text = join '&', map { "$_=" . uri_escape($fields{$_}) } sort keys %fields;
    return HTTP::Response->new(200, 'OK', ['Content-Type' => 'application/x-www-form-urlencoded'], $text);
}

sub answer {
    my ($request) = @_;
    my $path = URI->new($request->uri)->path;
    if ($path eq '/initiate') {
        my $message = verified($request, 'request token');
        my $token = 'request-' . ++$count;
        $issued{$token} = {secret => "secret-$count", callback => $message->callback, verifier => "verifier-$count"};
        return form(oauth_token => $token, oauth_token_secret => "secret-$count", oauth_callback_confirmed => 'true');
    }
    if ($path eq '/authorize') {
        my $token = pairs(URI->new($request->uri)->query)->{oauth_token};
        my $location = URI->new($issued{$token}{callback});
        $location->query_form($location->query_form, oauth_token => $token, oauth_verifier => $issued{$token}{verifier});
        return HTTP::Response->new(302, 'Found', [Location => "$location"]);
    }
    if ($path eq '/token') {
        my $message = verified($request, 'access token', sub { $issued{$_[0]} && $issued{$_[0]}{secret} });
        my $temporary = delete $issued{$message->token};
        die "verifier_invalid\n" if $message->verifier ne $temporary->{verifier};
        my $token = 'access-' . ++$count;
        $configuration->{tokens}{$token} = "secret-$count";
        return form(oauth_token => $token, oauth_token_secret => "secret-$count");
    }
    verified($request, 'protected resource', sub { $configuration->{tokens}{$_[0]} });
    return HTTP::Response->new(200, 'OK', ['Content-Type' => 'application/json'], '{"user": "ada"}');
}

my $daemon = HTTP::Daemon->new(LocalAddr => '127.0.0.1', LocalPort => $port, ReuseAddr => 1, Listen => 64) or die $!;
while (my $connection = $daemon->accept) {
    $connection->timeout(10);
    while (my $request = $connection->get_request) {
        my $response = eval { answer($request) } // HTTP::Response->new(401, 'Unauthorized', undef, "$@");
        $response->header(Connection => 'close');    # one process serves one connection at a time
        $connection->send_response($response);
        last;
    }
    $connection->close;
}
