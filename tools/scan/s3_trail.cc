#include "tools/scan/s3_trail.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "core/base/hash.h"
#include "net/ingest/trail_object.h"
#include "tools/terminal/progress.h"

namespace straykey {
namespace {

struct S3Url {
  std::string bucket, prefix;
};

Result<S3Url> parse_s3_url(std::string_view url) {
  const std::string_view rest = url.substr(kS3Scheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  S3Url parsed{std::string(rest.substr(0, slash)), std::string(rest.substr(std::min(slash + 1, rest.size())))};
  if (!is_bucket_name(parsed.bucket))
    return Error{fmt::format("{}: it must be s3://bucket or s3://bucket/prefix", url)};
  return parsed;
}

std::string words_of(std::string_view skipped) {
  if (skipped == "digest") return "a CloudTrail digest";
  if (skipped == "config") return "of AWS Config";
  if (skipped == "flow_log") return "a VPC flow log";
  if (skipped == "load_balancer") return "of a load balancer";
  return "a folder's mark";
}

// Ends a listing that would never end: of a store that comes back to a token it gave before, or that goes on giving new
// ones and no new name. Not every store keeps names in order, so a page counts as new if it does not begin as the one
// before it.
class ListingEnd {
 public:
  // After a page that is not the last one. `first`: its first name, empty if it has none.
  [[nodiscard]] Status look_at(const std::string& next, const std::string& first) {
    if (!tokens_.insert(hash64(kFixedHashKey, next)).second)
      return Error{"S3 ListObjectsV2 came back to a continuation token that it gave before; it would never end"};
    pages_without_new_ = first.empty() || first == first_before_ ? pages_without_new_ + 1 : 0;
    if (!first.empty()) first_before_ = first;
    if (pages_without_new_ == kPagesWithoutNewMax)
      return Error{fmt::format("S3 ListObjectsV2 went on for {} pages without a new name", kPagesWithoutNewMax)};
    if (tokens_.size() == kPagesMax)
      return Error{fmt::format("S3 ListObjectsV2 went on for {} pages: name smaller prefixes", kPagesMax)};
    return {};
  }

 private:
  // S3 may leave out what it deleted, so that a page has few names or none. Ten million names are 10,000 pages.
  static constexpr std::size_t kPagesWithoutNewMax = 100, kPagesMax = 100'000;

  std::unordered_set<std::uint64_t> tokens_;
  std::string first_before_;
  std::size_t pages_without_new_ = 0;
};

}  // namespace

// What a thread asks S3 with.
struct S3Trail::Caller {
  explicit Caller(S3Trail& trail)
      : caller({}, {trail.credentials_, trail.surroundings_.trust, trail.surroundings_.now,
                    [&trail](std::chrono::milliseconds wait) {
                      std::unique_lock lock(trail.mutex_);
                      trail.changed_.wait_for(lock, wait, [&trail] { return trail.stopping_; });
                    },
                    [&trail] {
                      const std::lock_guard lock(trail.mutex_);
                      return trail.stopping_;
                    },
                    trail.retries_}),
        objects(caller, trail.settings_.place) {}
  AwsCaller caller;
  S3Objects objects;
};

Result<std::unique_ptr<S3Trail>> S3Trail::open(Settings settings, CredentialSurroundings surroundings) {
  auto trust = TlsTrust::in_authorities(settings.ca_file);
  if (!trust) return trust.error();
  surroundings.trust = trust.value();
  settings.credentials.place = settings.place;
  return std::unique_ptr<S3Trail>(new S3Trail(std::move(settings), std::move(surroundings)));
}

S3Trail::S3Trail(Settings settings, CredentialSurroundings surroundings)
    : settings_(std::move(settings)),
      surroundings_(std::move(surroundings)),
      retries_(
          metrics_.counter("straykey_s3_retries_total", "Calls to AWS that were made again.", {{"source", "scan"}})),
      credentials_([this] { return find_credentials(settings_.credentials, surroundings_); }, surroundings_.now) {
  for (std::size_t i = 0; i < kFetchers; ++i) threads_.emplace_back([this] { fetch_ahead(); });
}

S3Trail::~S3Trail() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
}

Status S3Trail::list(const std::vector<std::string>& urls, FoundFiles& found) {
  for (const std::string& url : urls)
    if (const Status status = list_one(url, found); !status.ok()) return status;
  const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
  const auto same = [](const auto& a, const auto& b) { return a.path == b.path; };
  std::sort(found.files.begin(), found.files.end(), by_path);
  found.files.erase(std::unique(found.files.begin(), found.files.end(), same), found.files.end());
  return {};
}

Status S3Trail::list_one(std::string_view url, FoundFiles& found) {
  const auto parsed = parse_s3_url(url);
  if (!parsed) return parsed.error();
  Caller caller(*this);
  Progress progress(fmt::format("listing {}", url), 0);
  S3Objects::Listing listing{parsed.value().bucket, parsed.value().prefix, {}, {}};
  ListingEnd end;
  do {
    auto page = caller.objects.list(listing);
    if (!page) return Error{fmt::format("{}: {}", url, page.error().message)};
    listing.continuation = page.value().next;
    const std::string first = page.value().objects.empty() ? std::string() : page.value().objects.front().key;
    if (const Status status = listing.continuation.empty() ? Status{} : end.look_at(listing.continuation, first);
        !status.ok())
      return Error{fmt::format("{}: {}", url, status.error().message)};
    for (S3Listed& object : page.value().objects) {
      std::string path = fmt::format("{}{}/{}", kS3Scheme, listing.bucket, object.key);
      const std::string_view skipped = object.bytes == 0 ? "folder" : skipped_by_name(object.key);
      if (skipped.empty())
        found.files.push_back({std::move(path), object.bytes, false});
      else
        found.skipped.push_back({std::move(path), words_of(skipped)});
    }
    progress.show(found.files.size(), with_commas(found.files.size()) + " objects");
  } while (!listing.continuation.empty());
  return {};
}

void S3Trail::expect(const std::vector<EventFile>& files) {
  const std::lock_guard lock(mutex_);
  files_.clear();
  index_.clear();
  fetched_.clear();
  for (const EventFile& file : files) {
    if (!file.path.starts_with(kS3Scheme)) continue;
    index_.emplace(file.path, files_.size());
    files_.push_back(file);
  }
  at_ = files_.size();  // nothing is fetched before the first is read
}

std::size_t S3Trail::next_wanted() const {
  std::uint64_t held = 0;
  for (const auto& [index, fetched] : fetched_) held += files_[index].bytes;
  for (const auto& [index, bytes] : fetching_) held += bytes;
  const std::size_t end = std::min(at_ + kAheadMax, files_.size());
  for (std::size_t i = at_; i < end; ++i) {
    if (fetched_.contains(i) || fetching_.contains(i)) continue;
    const bool has_room = i == at_ || held + files_[i].bytes <= settings_.bytes_ahead_max;
    return has_room ? i : files_.size();
  }
  return files_.size();
}

void S3Trail::fetch_ahead() {
  Caller caller(*this);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::size_t index = next_wanted();
    if (index == files_.size()) {
      changed_.wait(lock);
      continue;
    }
    const EventFile file = files_[index];
    fetching_.emplace(index, file.bytes);
    lock.unlock();
    const std::string_view rest = std::string_view(file.path).substr(kS3Scheme.size());
    const std::size_t slash = rest.find('/');
    Fetched fetched = caller.objects.get({std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1)), {}},
                                         settings_.object_bytes_max);
    lock.lock();
    fetching_.erase(index);
    // The list may be another one by now.
    if (index < files_.size() && files_[index].path == file.path) fetched_.insert_or_assign(index, std::move(fetched));
    changed_.notify_all();
  }
}

Status S3Trail::read(const EventFile& file, const std::function<void(std::string)>& visit) {
  std::unique_lock reading(reading_);
  std::unique_lock lock(mutex_);
  const auto found = index_.find(file.path);
  INVARIANT(found != index_.end(), std::string_view(file.path));
  const std::size_t index = found->second;
  at_ = index;
  std::erase_if(fetched_, [&](const auto& one) { return one.first < index || one.first >= index + kAheadMax; });
  changed_.notify_all();
  changed_.wait(lock, [&] { return fetched_.contains(index); });
  auto taken = fetched_.extract(index);
  Fetched& fetched = taken.mapped();
  at_ = index + 1;
  changed_.notify_all();
  lock.unlock();
  reading.unlock();
  if (const S3Error* const error = std::get_if<S3Error>(&fetched)) return Error{error->message};
  std::string& bytes = std::get<std::string>(fetched);
  if (!skipped_by_content(bytes).empty()) bytes.clear();  // the summary says that it holds no event
  bytes.reserve(bytes.size() + 64);                       // room behind it for the JSON parser's padding
  visit(std::move(bytes));
  return {};
}

}  // namespace straykey
