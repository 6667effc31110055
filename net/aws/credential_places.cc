#include "net/aws/credential_places.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <map>

#include "net/aws/sts.h"
#include "net/client/address_policy.h"
#include "net/client/http_client.h"

namespace straykey {
namespace {

namespace json = boost::json;
constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::uint64_t kReplyBytesMax = 64 * 1024;
constexpr std::string_view kBlanks = " \t\r\n";
constexpr const char* kInstance = "http://169.254.169.254";
constexpr const char* kTaskHost = "http://169.254.170.2";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// The value in front of a comment: " #" or " ;" begins one.
std::string_view without_comment(std::string_view value) {
  for (const std::string_view mark : {" #", " ;", "\t#", "\t;"}) value = value.substr(0, value.find(mark));
  return trimmed(value);
}

Result<std::string> text_of_file(const std::string& path, std::string_view what) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{fmt::format("{} {} cannot be read", what, path)};
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileBytesMax) return Error{fmt::format("{} {} is larger than 64 KiB", what, path)};
  return text;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// What container endpoints and instances answer.
Result<AwsCredentials> credentials_in_json(std::string_view body) {
  json::error_code failed;
  const json::value value = json::parse(body, failed);
  const json::object* const object = failed ? nullptr : value.if_object();
  if (object == nullptr) return Error{"it answered with what is no JSON object"};
  const AwsCredentials credentials{text_of(*object, "AccessKeyId"), text_of(*object, "SecretAccessKey"),
                                   text_of(*object, "Token"), parse_time(text_of(*object, "Expiration")).value_or(0)};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    return Error{"it answered without credentials (code " + text_of(*object, "Code").substr(0, 60) + ")"};
  return credentials;
}

// The addresses of AWS's own endpoints for containers (ECS, EKS Pod Identity), to which HTTP without TLS is allowed.
bool is_container_address(const IpAddress& address) {
  static const std::array kKnown{parse_ip("169.254.170.2"), parse_ip("169.254.170.23"), parse_ip("fd00:ec2::23")};
  return is_loopback(address) || std::find(kKnown.begin(), kKnown.end(), address) != kKnown.end();
}

// Where AWS's SDKs may be told that the instance answers.
bool is_instance_address(const IpAddress& address) {
  static const std::array kKnown{parse_ip("169.254.169.254"), parse_ip("fd00:ec2::254")};
  return is_loopback(address) || std::find(kKnown.begin(), kKnown.end(), address) != kKnown.end();
}

bool is_any_address(const IpAddress&) {
  return true;
}

ClientSocket::Limits limits_of(const CredentialSurroundings& surroundings, bool (*permits)(const IpAddress&)) {
  return {kPlaceMs, kPlaceMs, permits, surroundings.stopped};
}

Result<std::string> body_of(Result<HttpClientReply> reply, std::string_view what) {
  if (!reply) return Error{fmt::format("{}: {}", what, reply.error().message)};
  if (reply->status == 200) return std::move(reply->body);
  return Error{fmt::format("{} answered {}", what, reply->status)};
}

Result<AwsCredentials> ask_container(const std::string& address, const std::string& authorization,
                                     const CredentialSurroundings& surroundings) {
  auto url = parse_url(address);
  if (!url) return Error{"the container endpoint's URL is not usable: " + url.error().message};
  if (authorization.find_first_of("\r\n") != std::string::npos)
    return Error{"the container endpoint's authorization token holds a line end"};
  std::vector<HttpClientHeader> headers{{"Accept", "application/json"}};
  if (!authorization.empty()) headers.push_back({"Authorization", authorization});
  // Over TLS its certificate says who it is, so it may be anywhere.
  HttpClient client(url.value(), surroundings.trust,
                    limits_of(surroundings, url->https ? &is_any_address : &is_container_address));
  client.limit_reply(kReplyBytesMax);
  const auto body = body_of(client.exchange(render_get(url.value(), headers), {}), "the container endpoint");
  if (!body) return body.error();
  return credentials_in_json(body.value());
}

class InstanceMetadata {
 public:
  InstanceMetadata(Url url, const CredentialSurroundings& surroundings)
      : url_(std::move(url)), client_(url_, surroundings.trust, limits_of(surroundings, &is_instance_address)) {
    client_.limit_reply(kReplyBytesMax);
  }

  // False: nothing answers there.
  [[nodiscard]] bool open(std::string& why) {
    url_.target = "/latest/api/token";
    const auto reply = client_.exchange(render_put(url_, {{"X-aws-ec2-metadata-token-ttl-seconds", "300"}}, 0), {});
    if (!reply) return false;
    auto token = body_of(reply, "the instance's metadata service (IMDSv2)");
    if (token && token->find_first_of("\r\n") == std::string::npos)
      token_ = token.value();
    else
      why = token ? "the instance's metadata service gave no usable token" : token.error().message;
    return true;
  }
  [[nodiscard]] Result<std::string> get(const std::string& path) {
    url_.target = path;
    return body_of(client_.exchange(render_get(url_, {{"X-aws-ec2-metadata-token", token_}}), {}),
                   "the instance's metadata service");
  }

 private:
  Url url_;
  HttpClient client_;
  std::string token_;
};

}  // namespace

std::string environment_of(const CredentialSurroundings& surroundings, const char* name) {
  const char* const value = surroundings.environment ? surroundings.environment(name) : nullptr;
  return value == nullptr ? std::string() : std::string(value);
}

std::string sts_endpoint_for(const AwsPlace& place, const CredentialSurroundings& surroundings) {
  std::string set = environment_of(surroundings, "AWS_ENDPOINT_URL_STS");
  while (set.ends_with('/')) set.pop_back();
  if (!set.empty()) return set;
  AwsPlace of_aws = place;
  of_aws.endpoint.clear();
  return sts_endpoint(of_aws);
}

Result<AwsCredentials> credentials_in_text(std::string_view text, std::string_view profile) {
  std::map<std::string, std::string, std::less<>> values;
  bool in_profile = false, seen = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view content = trimmed(line);
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '[') {
      std::string_view name = trimmed(content.substr(1, content.find(']') - 1));
      if (name.starts_with("profile ")) name = trimmed(name.substr(8));
      in_profile = name == profile;
      seen = seen || in_profile;
      continue;
    }
    const std::size_t equals = content.find('=');
    if (!in_profile || equals == std::string_view::npos || kBlanks.find(line.front()) != std::string_view::npos)
      continue;
    values[std::string(trimmed(content.substr(0, equals)))] = without_comment(content.substr(equals + 1));
  }
  if (!seen) return Error{fmt::format("there is no profile [{}]", profile)};
  const AwsCredentials credentials{values["aws_access_key_id"], values["aws_secret_access_key"],
                                   values["aws_session_token"], 0};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    return Error{fmt::format("profile [{}] lacks aws_access_key_id or aws_secret_access_key", profile)};
  return credentials;
}

Result<AwsCredentials> credentials_in_file(const std::string& path, const std::string& profile) {
  const auto text = text_of_file(path, "the credentials file");
  if (!text) return text.error();
  auto credentials = credentials_in_text(text.value(), profile);
  if (credentials) return credentials;
  return Error{fmt::format("the credentials file {}: {}", path, credentials.error().message)};
}

CredentialAnswer credentials_in_environment(const CredentialSurroundings& surroundings) {
  AwsCredentials credentials{environment_of(surroundings, "AWS_ACCESS_KEY_ID"),
                             environment_of(surroundings, "AWS_SECRET_ACCESS_KEY"),
                             environment_of(surroundings, "AWS_SESSION_TOKEN"), 0};
  if (credentials.access_key_id.empty() && credentials.secret_access_key.empty()) return std::nullopt;
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    return Error{"the environment has only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"};
  return credentials;
}

CredentialAnswer credentials_of_web_identity(const AwsPlace& place, const CredentialSurroundings& surroundings) {
  const std::string file = environment_of(surroundings, "AWS_WEB_IDENTITY_TOKEN_FILE");
  const std::string role = environment_of(surroundings, "AWS_ROLE_ARN");
  if (file.empty() || role.empty()) return std::nullopt;
  const auto token = text_of_file(file, "the web identity token file");
  if (!token) return token.error();
  std::string session = environment_of(surroundings, "AWS_ROLE_SESSION_NAME");
  if (session.empty()) session = "straykey";
  const StsSite site{sts_endpoint_for(place, surroundings), place.region, surroundings.trust, surroundings.stopped};
  return assume_role_with_web_identity(site, {role, session}, std::string(trimmed(token.value())));
}

CredentialAnswer credentials_of_container(const CredentialSurroundings& surroundings) {
  const std::string relative = environment_of(surroundings, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  std::string url = environment_of(surroundings, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative.empty()) url = kTaskHost + relative;
  if (url.empty()) return std::nullopt;
  std::string authorization = environment_of(surroundings, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string file = environment_of(surroundings, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!file.empty()) {
    // It is read each time, because Pod Identity renews it.
    const auto token = text_of_file(file, "the container endpoint's authorization token file");
    if (!token) return token.error();
    authorization = trimmed(token.value());
  }
  return ask_container(url, authorization, surroundings);
}

CredentialAnswer credentials_of_instance(const CredentialSurroundings& surroundings) {
  if (environment_of(surroundings, "AWS_EC2_METADATA_DISABLED") == "true") return std::nullopt;
  std::string address = environment_of(surroundings, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  auto url = parse_url(address.empty() ? kInstance : address);
  if (!url) return Error{"AWS_EC2_METADATA_SERVICE_ENDPOINT is not usable: " + url.error().message};
  InstanceMetadata metadata(url.value(), surroundings);
  std::string why;
  if (!metadata.open(why)) return std::nullopt;
  if (!why.empty()) return Error{why};
  const std::string path = "/latest/meta-data/iam/security-credentials/";
  const auto roles = metadata.get(path);
  if (!roles) return Error{roles.error().message + " for the instance's role: has it an instance profile?"};
  const std::string role(trimmed(std::string_view(roles.value()).substr(0, roles.value().find('\n'))));
  if (role.empty()) return Error{"the instance has no role"};
  const auto body = metadata.get(path + encode_for_uri(role, false));
  if (!body) return body.error();
  return credentials_in_json(body.value());
}

}  // namespace straykey
