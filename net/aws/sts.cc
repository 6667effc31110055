#include "net/aws/sts.h"

#include <fmt/format.h>

#include "net/aws/aws_reply.h"
#include "net/aws/service_address.h"
#include "net/aws/xml_texts.h"
#include "net/client/http_client.h"

namespace straykey {
namespace {

constexpr std::uint64_t kReplyBytesMax = 64 * 1024;

std::string form_of(std::string_view action, const RoleToAssume& role) {
  std::string form = fmt::format("Action={}&Version=2011-06-15&RoleArn={}&RoleSessionName={}", action,
                                 encode_for_uri(role.arn, false), encode_for_uri(role.session_name, false));
  if (!role.external_id.empty()) form += "&ExternalId=" + encode_for_uri(role.external_id, false);
  return form;
}

// What to change when STS refuses.
std::string_view advice(std::string_view code) {
  if (code == "AccessDenied")
    return "; allow sts:AssumeRole on this role in the caller's policy, and the caller in the role's trust policy "
           "(with "
           "the external id that is set)";
  if (code == "InvalidIdentityToken" || code == "ExpiredTokenException")
    return "; the web identity token file is not what the role's identity provider takes";
  return "";
}

Result<AwsCredentials> credentials_in(const HttpClientReply& reply, std::string_view action) {
  const auto texts = read_xml_texts(reply.body);
  if (!texts) return Error{fmt::format("{} answered with what is no XML", action)};
  const std::string inside = fmt::format("{}Result/Credentials/", action);
  AwsCredentials credentials{text_at(*texts, inside + "AccessKeyId"), text_at(*texts, inside + "SecretAccessKey"),
                             text_at(*texts, inside + "SessionToken"), 0};
  credentials.expires_at = parse_time(text_at(*texts, inside + "Expiration")).value_or(0);
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || credentials.expires_at == 0)
    return Error{fmt::format("{} answered without credentials", action)};
  return credentials;
}

Result<AwsCredentials> ask(const StsSite& site, std::string_view action, std::string form, const AwsCredentials* caller,
                           Seconds now) {
  auto url = parse_url(site.endpoint);
  if (!url) return Error{"the endpoint of STS is no URL: " + url.error().message};
  AwsRequest request{.method = "POST", .host = url->host_header, .path = "/", .body = std::move(form)};
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  std::vector<HttpClientHeader> headers;
  if (caller != nullptr)
    request.headers = sign_v4(request, *caller, {.region = site.region, .service = "sts", .now = now}).headers;
  for (const auto& [name, value] : request.headers) headers.push_back({name, value});
  HttpClient client(url.value(), site.trust, {5'000, kStsMs, &is_service_address, site.stopped});
  client.keep(aws_reply_headers());
  client.limit_reply(kReplyBytesMax);
  const auto reply = client.exchange(render_post(url.value(), headers, request.body.size()), request.body);
  if (!reply) return Error{fmt::format("{} at {}: {}", action, url->host, reply.error().message)};
  if (reply.value().status == 200) return credentials_in(reply.value(), action);
  const AwsError error = aws_error_of(reply.value());
  return Error{fmt::format("{} at {} was refused: {} {} {}{}", action, url->host, reply.value().status, error.code,
                           error.message, advice(error.code))};
}

}  // namespace

Result<AwsCredentials> assume_role(const StsSite& site, const AwsCredentials& caller, const RoleToAssume& role,
                                   Seconds now) {
  return ask(site, "AssumeRole", form_of("AssumeRole", role), &caller, now);
}

Result<AwsCredentials> assume_role_with_web_identity(const StsSite& site, const RoleToAssume& role,
                                                     const std::string& token) {
  std::string form = form_of("AssumeRoleWithWebIdentity", role) + "&WebIdentityToken=" + encode_for_uri(token, false);
  return ask(site, "AssumeRoleWithWebIdentity", std::move(form), nullptr, 0);
}

}  // namespace straykey
