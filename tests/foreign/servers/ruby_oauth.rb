# A provider that verifies with ruby-oauth, over Rack. Usage: ruby_oauth.rb PORT CONFIGURATION
require "json"
require "rack"
require "rack/handler/webrick"
require "oauth"
require "oauth/request_proxy/rack_request"
require "oauth/signature/hmac/sha1"
require "oauth/signature/plaintext"
require "oauth/signature/rsa/sha1"

class Refused < StandardError; end

CONFIGURATION = JSON.parse(File.read(ARGV[1]))
ISSUED = {} # by token: its secret, the callback and the verifier

def issue(kind)
  @count = @count.to_i + 1
  ["#{kind}-#{@count}", "secret-#{@count}"]
end

# The verified request; raises the reason of a refusal.
def verified(request, tokens)
  signature = OAuth::Signature.build(request) do |proxy|
    secret = CONFIGURATION["clients"][proxy.oauth_consumer_key] or raise Refused, "unknown client"
    secret = CONFIGURATION["public_key"] if proxy.oauth_signature_method == "RSA-SHA1"
    raise Refused, "unknown token" if tokens && !tokens.key?(proxy.oauth_token)
    [tokens ? tokens[proxy.oauth_token] : nil, secret]
  end
  raise Refused, "signature_invalid" unless signature.verify
  signature.request
end

def form(fields)
  [200, { "Content-Type" => "application/x-www-form-urlencoded" }, [URI.encode_www_form(fields)]]
end

def answer(request)
  case request.path
  when "/initiate"
    proxy = verified(request, nil)
    token, secret = issue("request")
    ISSUED[token] = { secret: secret, callback: proxy.oauth_callback, verifier: "verifier-#{token}" }
    form(oauth_token: token, oauth_token_secret: secret, oauth_callback_confirmed: true)
  when "/authorize"
    token = request.GET["oauth_token"]
    location = URI.parse(ISSUED[token][:callback])
    added = URI.encode_www_form(oauth_token: token, oauth_verifier: ISSUED[token][:verifier])
    location.query = [location.query, added].compact.join("&")
    [302, { "Location" => location.to_s }, []]
  when "/token"
    proxy = verified(request, ISSUED.transform_values { |one| one[:secret] })
    temporary = ISSUED.delete(proxy.oauth_token)
    raise Refused, "verifier_invalid" if proxy.oauth_verifier != temporary[:verifier]
    token, secret = issue("access")
    CONFIGURATION["tokens"][token] = secret
    form(oauth_token: token, oauth_token_secret: secret)
  else
    verified(request, CONFIGURATION["tokens"])
    [200, { "Content-Type" => "application/json" }, ['{"user": "ada"}']]
  end
end

app = lambda do |env|
  answer(Rack::Request.new(env))
rescue StandardError => e
  [401, { "Content-Type" => "text/plain" }, ["#{e.class}: #{e.message}"]]
end

quiet = { AccessLog: [], Logger: WEBrick::Log.new(File::NULL), DoNotReverseLookup: true }
Rack::Handler::WEBrick.run(app, Host: "127.0.0.1", Port: ARGV[0].to_i, **quiet)
