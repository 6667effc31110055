// Serve: the sources that take events out of Kafka.
#include <fcntl.h>

#include <fstream>
#include <iterator>
#include <string>

#include "core/base/hash.h"
#include "core/base/hex.h"
#include "net/ingest/kafka_source.h"
#include "storage/replace_file.h"
#include "tools/config/kafka_property_list.h"
#include "tools/server/serve.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

// It is public: others in a group see it. The hash key cannot be told from it.
std::string installation_id(HashKey key) {
  return hash128(key, "the id of this installation").hex().substr(0, 16);
}

// Positions that are not there, or cannot be read, are as if nothing had ever been read.
std::string read_remembered(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

void Serve::make_kafka(std::size_t first_desk) {
  for (const KafkaSourceConfig& source : config_.kafka_sources) {
    const std::string path = config_.data_dir + "/kafka-" + source.settings.name;
    KafkaSource::Dependencies dependencies{
        .intake = *intake_,
        .first_desk = first_desk,
        .submit = [this](std::unique_ptr<Request>& request) { return submit(request); },
        .metrics = metrics_,
        .log = log_,
        .now = wall_clock,
        .installation = installation_id(data_->hash_key()),
        .properties = [&source] { return read_kafka_properties(source.properties); },
        .remembered = read_remembered(path),
        .remember = [path](const std::string& text) { return replace_file(path, text); }};
    pulled_.push_back(std::make_unique<KafkaSource>(source.settings, std::move(dependencies)));
    first_desk += source.settings.concurrency;
  }
}

}  // namespace straykey
