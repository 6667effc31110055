#include "net/admin/metrics_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace straykey {
namespace {

std::string_view kind_name(Metrics::Kind kind) {
  switch (kind) {
    case Metrics::Kind::counter:
      return "counter";
    case Metrics::Kind::gauge:
      return "gauge";
    case Metrics::Kind::histogram:
      return "histogram";
  }
  return "untyped";
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// HELP lines escape backslash and line feed.
std::string escape_help(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

std::string braced(std::string_view labels) {
  return labels.empty() ? std::string{} : fmt::format("{{{}}}", labels);
}

void append_histogram(std::string& out, const std::string& name, const Metrics::Series& series) {
  const std::string before = series.labels.empty() ? "" : series.labels + ",";
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= Histogram::kBounds.size(); ++i) {
    count += series.histogram->bucket(i);
    const std::string bound = i < Histogram::kBounds.size() ? number(Histogram::kBounds[i]) : "+Inf";
    fmt::format_to(std::back_inserter(out), "{}_bucket{{{}le=\"{}\"}} {}\n", name, before, bound, count);
  }
  const std::string labels = braced(series.labels);
  fmt::format_to(std::back_inserter(out), "{}_sum{} {}\n", name, labels, number(series.histogram->sum()));
  fmt::format_to(std::back_inserter(out), "{}_count{} {}\n", name, labels, count);
}

}  // namespace

std::string metrics_text(const Metrics& metrics) {
  std::string out;
  metrics.each([&out](const Metrics::Family& family) {
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", family.name, escape_help(family.help),
                   family.name, kind_name(family.kind));
    for (const Metrics::Series& series : family.series) {
      switch (family.kind) {
        case Metrics::Kind::counter:
          fmt::format_to(std::back_inserter(out), "{}{} {}\n", family.name, braced(series.labels),
                         series.counter->value());
          break;
        case Metrics::Kind::gauge:
          fmt::format_to(std::back_inserter(out), "{}{} {}\n", family.name, braced(series.labels),
                         number(series.gauge->value()));
          break;
        case Metrics::Kind::histogram:
          append_histogram(out, family.name, series);
          break;
      }
    }
  });
  return out;
}

}  // namespace straykey
