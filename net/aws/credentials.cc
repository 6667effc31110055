#include "net/aws/credentials.h"

#include <fmt/format.h>

#include "net/aws/credential_places.h"
#include "net/aws/sts.h"

namespace straykey {
namespace {

struct Asked {
  std::string_view place;
  std::function<CredentialAnswer()> ask;
};

std::string profile_of(const CredentialSettings& settings, const CredentialSurroundings& surroundings) {
  if (!settings.profile.empty()) return settings.profile;
  const std::string set = environment_of(surroundings, "AWS_PROFILE");
  return set.empty() ? "default" : set;
}

CredentialAnswer in_shared_file(const CredentialSettings& settings, const CredentialSurroundings& surroundings) {
  const std::string file = environment_of(surroundings, "AWS_SHARED_CREDENTIALS_FILE");
  if (file.empty()) return std::nullopt;
  return credentials_in_file(file, profile_of(settings, surroundings));
}

// Of the first place that is set up.
Result<FoundCredentials> find_first(const CredentialSettings& settings, const CredentialSurroundings& surroundings) {
  const std::vector<Asked> places{
      {"credentials file",
       [&]() -> CredentialAnswer {
         if (settings.file.empty()) return std::nullopt;
         return credentials_in_file(settings.file, profile_of(settings, surroundings));
       }},
      {"environment", [&] { return credentials_in_environment(surroundings); }},
      {"web identity", [&] { return credentials_of_web_identity(settings.place, surroundings); }},
      {"shared credentials file", [&] { return in_shared_file(settings, surroundings); }},
      {"container endpoint", [&] { return credentials_of_container(surroundings); }},
      {"instance", [&] { return credentials_of_instance(surroundings); }},
  };
  for (const Asked& asked : places) {
    CredentialAnswer answer = asked.ask();
    if (!answer) continue;
    if (*answer) return FoundCredentials{std::move(*answer).value(), std::string(asked.place)};
    return Error{fmt::format("{}: {}", asked.place, answer->error().message)};
  }
  return Error{
      "no credentials: none in credentials_file, AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, "
      "AWS_SHARED_CREDENTIALS_FILE, a container's endpoint or the instance's metadata service"};
}

}  // namespace

Result<FoundCredentials> find_credentials(const CredentialSettings& settings,
                                          const CredentialSurroundings& surroundings) {
  auto found = find_first(settings, surroundings);
  if (!found || settings.role.empty()) return found;
  const StsSite site{sts_endpoint_for(settings.place, surroundings), settings.place.region, surroundings.trust,
                     surroundings.stopped};
  auto assumed =
      assume_role(site, found->credentials, {settings.role, "straykey", settings.external_id}, surroundings.now());
  if (!assumed) return assumed.error();
  return FoundCredentials{std::move(assumed).value(), fmt::format("{}, with a role", found->place)};
}

Result<AwsCredentials> AwsCredentialKeeper::get() {
  const std::lock_guard lock(mutex_);
  const Seconds now = now_();
  const Seconds ends = found_ ? found_->credentials.expires_at : 0;
  const bool good = found_ && (ends == 0 || now < ends);
  const bool renew = !good || (ends != 0 && now >= ends - kRenewBefore);
  if (!renew) return found_->credentials;
  if (now < next_try_) {
    if (good) return found_->credentials;
    if (!last_error_.empty()) return Error{last_error_};
  }
  auto found = find_();
  if (found) {
    found_ = std::move(found).value();
    last_error_.clear();
    next_try_ = 0;
    // Some places hand out what ends soon; they are not asked at each request for that.
    if (found_->credentials.expires_at != 0) next_try_ = now + kRetryAfter;
    return found_->credentials;
  }
  next_try_ = now + kRetryAfter;
  last_error_ = found.error().message;
  if (good) return found_->credentials;
  return found.error();
}

void AwsCredentialKeeper::reject(const AwsCredentials& used) {
  const std::lock_guard lock(mutex_);
  if (!found_ || !(found_->credentials == used)) return;  // another thread was first
  found_.reset();
}

void AwsCredentialKeeper::forget() {
  const std::lock_guard lock(mutex_);
  found_.reset();
  last_error_.clear();
}

std::string AwsCredentialKeeper::place() const {
  const std::lock_guard lock(mutex_);
  return found_ ? found_->place : std::string();
}

Seconds AwsCredentialKeeper::expires_at() const {
  const std::lock_guard lock(mutex_);
  return found_ ? found_->credentials.expires_at : 0;
}

}  // namespace straykey
