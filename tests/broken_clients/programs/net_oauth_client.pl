# Calls with Net::OAuth, right or with a mistake. Usage: net_oauth_client.pl JOBS
use strict;
use warnings;
no warnings qw(redefine once);
use utf8;
use Crypt::OpenSSL::RSA;
use Digest::HMAC_SHA1 qw(hmac_sha1 hmac_sha1_hex);
use Digest::SHA qw(hmac_sha256 sha1);
use Encode qw(encode_utf8);
use HTTP::Request;
use JSON::PP;
use LWP::UserAgent;
use MIME::Base64 qw(encode_base64 decode_base64);
use Net::OAuth;
use URI::Escape qw(uri_escape_utf8);

$Net::OAuth::PROTOCOL_VERSION = Net::OAuth::PROTOCOL_VERSION_1_0A;
$| = 1;
open my $handle, '<', $ARGV[0] or die $!;
my $json = JSON::PP->new->utf8->canonical;
my $configuration = $json->decode(do { local $/; <$handle> });
my $agent = LWP::UserAgent->new(keep_alive => 1, max_redirect => 0, ssl_opts => {SSL_ca_file => $configuration->{ca_file}});
my $right_encode = \&Net::OAuth::Message::encode;
my $right_normalize = \&Net::OAuth::Message::normalized_message_parameters;
my $right_key = \&Net::OAuth::Request::signature_key;
my $right_sign = \&Net::OAuth::SignatureMethod::HMAC_SHA1::sign;
my $count = 0;
# The extension for body hashes, which the library does not have.
Net::OAuth->request('protected resource')->add_optional_message_params('body_hash');

sub escaped { return uri_escape_utf8($_[0], '^A-Za-z0-9._~-') }
sub joined { return join '&', map { escaped($_->[0]) . '=' . escaped($_->[1]) } @_ }
sub hash_of { return {map { @$_ } @_} }

# What the application changes in the library, as in a copy of it.
sub change {
    my ($kind, $own) = @_;
    my $encode = $right_encode;
    $encode = sub { $right_encode->(@_) =~ s/%20/+/gr } if $kind eq 'plus';
    $encode = sub { $right_encode->(@_) =~ s/(%[0-9A-F]{2})/lc $1/ger } if $kind eq 'lower_hex';
    $encode = sub { uri_escape_utf8($_[-1] // '', "^A-Za-z0-9\\-._~!*'()") } if $kind eq 'component';
    *Net::OAuth::Message::encode = $encode;
    *Net::OAuth::Request::signature_key = $kind eq 'secrets_raw' ? sub { join '&', $_[0]{consumer_secret}, $_[0]{token_secret} } : $right_key;
    my $sign = $right_sign;
    $sign = sub { encode_base64(hmac_sha256($_[1]->signature_base_string, $_[1]->signature_key), '') } if $kind eq 'other_hash';
    $sign = sub { hmac_sha1_hex($_[1]->signature_base_string, $_[1]->signature_key) } if $kind eq 'hex';
    $sign = sub { encode_base64(hmac_sha1($_[1]->signature_base_string, $_[1]->signature_key)) } if $kind eq 'base64_newline';
    $sign = sub { escaped($right_sign->(@_)) } if $kind eq 'sig_twice';
    $sign = sub { $right_sign->(@_) =~ s/=+$//r } if $kind eq 'padding';
    *Net::OAuth::SignatureMethod::HMAC_SHA1::sign = $sign;
    my $normalize = $right_normalize;
    # The application's own parameters as they are sent, and then those of OAuth.
    $normalize = sub { join '&', joined(@$own), grep { /^oauth_/ } split /&/, $right_normalize->(@_) } if $kind eq 'unsorted';
    *Net::OAuth::Message::normalized_message_parameters = $normalize;
}

for my $job (@{$configuration->{jobs}}) {
    my ($kind, $keys) = ($job->{kind}, $configuration->{providers}{$job->{provider}});
    change($kind, [@{$job->{query}}, @{$job->{form} // []}]);
    my $address = $keys->{$job->{endpoint}} . $job->{path};
    my @query = @{$job->{query}};
    my @form = @{$job->{form} // []};
    my $url = @query ? "$address?" . joined(@query) : $address;
    my %extra = %{hash_of(@query, @form)};
    my ($signed_url, $signed_method) = ($address, $job->{method});
    my $hash;
    my ($client, $token) = ($keys->{client_secret}, $keys->{token_secret});
    %extra = %{hash_of(@form)} if $kind eq 'query_appended';
    %extra = %{hash_of(@query)} if $kind eq 'form_unsigned';
    %extra = (%extra, %{$json->decode(encode_utf8($job->{json}))}) if $kind eq 'json_as_form';
    $extra{$_} = escaped($extra{$_}) for $kind eq 'twice' ? keys %extra : ();
    delete @extra{grep { $extra{$_} eq '' } keys %extra} if $kind eq 'empty';
    $extra{realm} = 'Photos' if $kind eq 'realm';
    $signed_url =~ s/^https/http/ if $kind eq 'http';
    $signed_url =~ s/localhost:[0-9]+/localhost/ if $kind eq 'no_port';
    $signed_url =~ s/localhost/LOCALHOST/ if $kind eq 'host_capitals';
    $signed_url .= '/' if $kind eq 'slash';
    $signed_method = 'POST' if $kind eq 'method';
    ($client, $token) = ($token, $client) if $kind eq 'swapped';
    $token = '' if $kind eq 'no_token_secret';
    $client .= "\n" if $kind eq 'newline';
    $client = $keys->{client_id} if $kind eq 'identifier';
    $token = "\"$token\"" if $kind eq 'quotes';
    if ($keys->{body_hash} && !$job->{form} && $kind ne 'hash_missing') {
        my $content = encode_utf8($job->{json} // '');
        $content = JSON::PP->new->utf8->pretty->encode($json->decode($content)) if $kind eq 'hash_wrong';
        $hash = encode_base64(sha1($content), '');
    }
    my %message = (
        consumer_key => $keys->{client_id}, consumer_secret => $client, request_url => $signed_url,
        request_method => $signed_method, signature_method => $keys->{signature_method}, timestamp => time,
        nonce => 'nonce-' . ++$count . '-' . int(rand(1e9)),
    );
    $message{signature_key} = Crypt::OpenSSL::RSA->new_private_key($keys->{private_key}) if $keys->{signature_method} =~ /^RSA/;
    my $class = 'protected resource';
    if ($job->{endpoint} eq 'request_token') {
        $class = $kind eq 'no_callback' ? 'consumer' : 'request token';
        $message{callback} = 'oob' if $kind ne 'no_callback';
    } else {
        @message{qw(token token_secret)} = ($keys->{token}, $token);
        $message{body_hash} = $hash if $hash;
    }
    my $request = Net::OAuth->request($class)->new(%message, extra_params => \%extra);
    $request->sign;
    my $header = $request->to_authorization_header($kind eq 'realm' ? 'Photos' : undef);
    my $sent = HTTP::Request->new($job->{method}, $url, [Authorization => $header]);
    if ($job->{form}) {
        $sent->content_type('application/x-www-form-urlencoded');
        $sent->content(joined(@form));
    } elsif (defined $job->{json}) {
        $sent->content_type('application/json');
        $sent->content(encode_utf8($job->{json}));
    }
    $sent->content_length(length $sent->content);
    my $answer = $agent->request($sent);
    print $json->encode({id => $job->{id}, status => $answer->code + 0, text => $answer->decoded_content}), "\n";
}
