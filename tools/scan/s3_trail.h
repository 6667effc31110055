#pragma once
// S3Trail: the objects of s3://bucket/prefix as files that hold events, for scan and backfill.
//
// Shape:  list() finds them as find_event_files() finds files on disk; what cannot hold records by its name
//         is left. read() gives one whole, and meanwhile those that come next in the list are fetched.
// Thread: list() one. read() any, one after the other; kFetchers threads of its own fetch.
// Bounds: kAheadMax objects ahead, as long as they and what is being fetched hold at most bytes_ahead_max together; one
//         object of object_bytes_max.
// Errors: sentences with AWS's code and the permission that is missing. An object that could not be fetched is named
//         with the reason when its turn comes.
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "net/aws/s3_objects.h"
#include "tools/scan/event_files.h"

namespace straykey {

inline constexpr std::string_view kS3Scheme = "s3://";

class S3Trail {
 public:
  static constexpr std::size_t kFetchers = 8;
  static constexpr std::size_t kAheadMax = 32;
  struct Settings {
    AwsPlace place;
    CredentialSettings credentials;
    std::string ca_file;
    std::uint64_t object_bytes_max = std::uint64_t{1} << 30;
    std::uint64_t bytes_ahead_max = std::uint64_t{256} << 20;
  };
  // `environment` and `now` as CredentialSurroundings has them.
  [[nodiscard]] static Result<std::unique_ptr<S3Trail>> open(Settings settings, CredentialSurroundings surroundings);
  ~S3Trail();
  S3Trail(const S3Trail&) = delete;
  S3Trail& operator=(const S3Trail&) = delete;

  // Adds what is below each URL to `found`, each once and in the order of their keys.
  [[nodiscard]] Status list(const std::vector<std::string>& urls, FoundFiles& found);
  // The order in which read() is going to be called, nearly.
  void expect(const std::vector<EventFile>& files);
  [[nodiscard]] Status read(const EventFile& file, const std::function<void(std::string)>& visit);

 private:
  using Fetched = std::variant<std::string, S3Error>;
  struct Caller;

  S3Trail(Settings settings, CredentialSurroundings surroundings);
  [[nodiscard]] Status list_one(std::string_view url, FoundFiles& found);
  void fetch_ahead();
  // The index of what should be fetched next; `files_.size()`: nothing now. Under mutex_.
  [[nodiscard]] std::size_t next_wanted() const;

  const Settings settings_;
  CredentialSurroundings surroundings_;
  Metrics metrics_;
  Counter& retries_;
  AwsCredentialKeeper credentials_;
  std::mutex reading_;  // held while a read() waits for its object: another would have other objects fetched
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<EventFile> files_;  // in the expected order
  std::map<std::string, std::size_t, std::less<>> index_;
  std::size_t at_ = 0;                      // what is read now
  std::map<std::size_t, Fetched> fetched_;  // by index
  std::map<std::size_t, std::uint64_t> fetching_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace straykey
