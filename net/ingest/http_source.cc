#include "net/ingest/http_source.h"

#include <utility>

namespace straykey {

HttpSource::HttpSource(IoRuntime& runtime, const HttpListenerSettings& settings, HttpRouter router,
                       HttpDependencies dependencies)
    : name_(settings.name),
      place_((settings.tls ? "https://" : "http://") + settings.address),
      server_(runtime, settings, std::move(router), std::move(dependencies)) {}

std::string HttpSource::url() const {
  return place_ + ":" + std::to_string(server_.port());
}

}  // namespace straykey
