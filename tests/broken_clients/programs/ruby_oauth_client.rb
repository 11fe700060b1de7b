# Calls with ruby-oauth, right or with a mistake. Usage: ruby_oauth_client.rb JOBS
require "json"
require "net/http"
require "oauth"
require "oauth/client/net_http"
require "oauth/signature/plaintext"
require "oauth/signature/rsa/sha1"

CONFIGURATION = JSON.parse(File.read(ARGV[0]))
FORM = "application/x-www-form-urlencoded"
$stdout.sync = true
$kind = ""

# What the application changes in the library, as in a copy of it.
module Mistakes
  module Escape
    def escape(value)
      right = super
      case $kind
      when "plus" then right.gsub("%20", "+")
      when "lower_hex" then right.gsub(/%[0-9A-F]{2}/) { |found| found.downcase }
      when "slash_kept" then right.gsub("%2F", "/")
      else right
      end
    end

    def normalize(params)
      return super unless $kind == "unsorted"

      params.map { |name, values| [values].flatten.map { |value| "#{escape(name)}=#{escape(value)}" } }.join("&")
    end
  end

  module Digest
    def signature
      right = super
      case $kind
      when "hex" then right.unpack1("m").unpack1("H*")
      when "base64_newline" then Base64.encode64(right.unpack1("m"))
      when "sig_twice" then OAuth::Helper.escape(right)
      else right
      end
    end

    def secret
      $kind == "secrets_raw" ? "#{consumer_secret}&#{token_secret}" : super
    end

    def digest
      $kind == "other_hash" ? OpenSSL::HMAC.digest("sha256", secret, signature_base_string) : super
    end
  end

  module Proxy
    def parameters_for_signature
      $kind == "realm" ? super.merge("realm" => "Photos") : super
    end

    def normalized_uri
      $kind == "host_capitals" ? super.sub("localhost", "LOCALHOST") : super
    end
  end
end
[OAuth::Signature::Base, OAuth::Client::Helper, OAuth::RequestProxy::Base].each { |one| one.prepend(Mistakes::Escape) }
OAuth::Signature::HMAC::SHA1.prepend(Mistakes::Digest)
OAuth::RequestProxy::Net::HTTP::HTTPRequest.prepend(Mistakes::Proxy)

def connection(uri)
  http = Net::HTTP.new(uri.host, uri.port)
  http.use_ssl = uri.scheme == "https"
  http.ca_file = CONFIGURATION["ca_file"]
  http
end

def request_of(method, target, job, form: job["form"], json: job["json"])
  request = Net::HTTP.const_get(method.capitalize).new(target)
  if form
    request.body = URI.encode_www_form(form).gsub("+", "%20")
    request.content_type = FORM
  elsif json
    request.body = json
    request.content_type = "application/json"
  elsif request.request_body_permitted?
    request.body = ""
    request.content_type = FORM # without a type, the library adds a body hash
  end
  request
end

def sent(job, keys)
  address = URI(keys[job["endpoint"]] + job["path"])
  query = job["query"].empty? ? "" : "?" + URI.encode_www_form(job["query"]).gsub("+", "%20")
  method, target, connected = job["method"], address.path + query, address
  signing = job
  case $kind
  when "query_appended" then target = address.path
  when "form_unsigned" then signing = job.merge("form" => [])
  when "json_as_form" then signing = job.merge("form" => JSON.parse(job["json"]).to_a)
  when "http" then connected = URI(address.to_s.sub("https", "http"))
  when "no_port" then connected = URI(address.to_s.sub(/:[0-9]+/, ""))
  when "slash" then target = address.path + "/" + query
  when "method" then method = "POST"
  when "twice"
    twice = job["query"].map { |name, value| [name, OAuth::Helper.escape(value)] }
    target = address.path + "?" + URI.encode_www_form(twice).gsub("+", "%20")
  when "empty"
    target = address.path + "?" + URI.encode_www_form(job["query"].reject { |_, value| value.empty? }).gsub("+", "%20")
  when "repeated" then target = address.path + "?" + URI.encode_www_form(job["query"].to_h).gsub("+", "%20")
  when "hash_wrong" then signing = job.merge("json" => JSON.pretty_generate(JSON.parse(job["json"])))
  when "hash_missing" then signing = job.merge("json" => nil)
  end
  client, token = keys["client_secret"], keys["token_secret"]
  client, token = token, client if $kind == "swapped"
  token += "\n" if $kind == "newline"
  token = "" if $kind == "no_token_secret"
  client = keys["client_id"] if $kind == "identifier"
  client = "\"#{client}\"" if $kind == "quotes"
  client = keys["private_key"] if keys["signature_method"] == "RSA-SHA1"
  consumer = OAuth::Consumer.new(keys["client_id"], client)
  options = { signature_method: keys["signature_method"] }
  options[:realm] = "Photos" if $kind == "realm"
  access = OAuth::AccessToken.new(consumer, keys["token"], token)
  if job["endpoint"] == "request_token"
    access = nil
    options[:oauth_callback] = "oob" unless $kind == "no_callback"
  end
  signed = request_of(method, target, signing)
  signed.oauth!(connection(connected), consumer, access, options)
  request = request_of(job["method"], address.path + query, job)
  request["Authorization"] = signed["Authorization"]
  request["Host"] = "LOCALHOST:#{address.port}" if $kind == "host_capitals"
  request
end

connections = Hash.new { |kept, origin| kept[origin] = connection(URI(origin)).start }
CONFIGURATION["jobs"].each do |job|
  $kind = job["kind"]
  keys = CONFIGURATION["providers"][job["provider"]]
  request = sent(job, keys)
  $kind = ""
  answer = connections[keys[job["endpoint"]][%r{^https://[^/]+}]].request(request)
  puts JSON.generate(id: job["id"], status: answer.code.to_i, text: answer.body.force_encoding("UTF-8").scrub)
end
