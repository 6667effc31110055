#include "tools/replay/report_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tools/terminal/progress.h"

namespace straykey {
namespace {

// Plots are drawn in a box of this size; the page scales them.
constexpr double kWidth = 720, kHeight = 240, kLeft = 64, kBottom = 28, kTop = 10, kRight = 12;
constexpr std::size_t kPointsMax = 300;

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --line: #d5dbe3; --dim: #667;
  --a: #1666c0; --b: #c2571a; --bad: #b3261e; --good: #1b7f3b }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e8ef; --paper: #12161c; --line: #333c48; --dim: #9aa;
    --a: #6cb2ff; --b: #ff9d5c; --bad: #ff8a80; --good: #6fd08c }
}
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 760px; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.35em }
h2 { font-size: 1.05em; margin: 1.6em 0 .4em }
table { border-collapse: collapse }
td, th { padding: .15em 1.2em .15em 0; text-align: right; font-variant-numeric: tabular-nums }
th:first-child, td:first-child { text-align: left }
th { color: var(--dim); font-weight: normal }
.well { color: var(--good) } .bad { color: var(--bad) } .dim { color: var(--dim) }
pre { overflow-x: auto; font-size: 13px }
svg { width: 100%; height: auto } text { fill: var(--dim); font-size: 11px } .grid { stroke: var(--line) }
.a { stroke: var(--a) } .b { stroke: var(--b) } polyline { fill: none; stroke-width: 1.8 }
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f ? ' ' : c;
    }
  }
  return out;
}

double ms(const LatencyHistogram& histogram, double share) {
  return static_cast<double>(histogram.at(share)) / 1e3;
}

struct Point {
  double x = 0, y = 0;
};

// 1, 2 or 5 times a power of ten, so that a handful of them span `range`.
double step_for(double range) {
  const double raw = std::max(range, 1e-9) / 4;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (raw <= factor * power) return factor * power;
  return 10 * power;
}

class Plot {
 public:
  Plot(double x_max, double y_max, std::string_view x_unit, std::string_view y_unit)
      : x_max_(std::max(x_max, 1e-9)), y_max_(std::max(y_max, 1e-9)) {
    out_ = fmt::format(R"(<svg viewBox="0 0 {} {}" role="img">)", kWidth, kHeight);
    const double step = step_for(y_max_);
    for (double y = 0; y <= y_max_ * 1.0001; y += step)
      out_ += fmt::format(R"(<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>)"
                          R"(<text x="{}" y="{:.1f}" text-anchor="end">{:g}</text>)",
                          kLeft, kWidth - kRight, y_of(y), y_of(y), kLeft - 6, y_of(y) + 4, y);
    out_ += fmt::format(R"(<text x="4" y="{}">{}</text><text x="{}" y="{}" text-anchor="end">{}</text>)", kTop + 8,
                        y_unit, kWidth - kRight, kHeight - 4, x_unit);
  }
  void mark(double x, std::string_view text) {
    out_ +=
        fmt::format(R"(<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>)", x_of(x), kHeight - kBottom + 16, text);
  }
  void line(const std::vector<Point>& points, std::string_view style) {
    out_ += fmt::format(R"(<polyline class="{}" points=")", style);
    for (const Point& point : points) out_ += fmt::format("{:.1f},{:.1f} ", x_of(point.x), y_of(point.y));
    out_ += R"("/>)";
  }
  [[nodiscard]] std::string svg() { return std::move(out_) + "</svg>\n"; }

 private:
  [[nodiscard]] double x_of(double x) const { return kLeft + x / x_max_ * (kWidth - kLeft - kRight); }
  [[nodiscard]] double y_of(double y) const { return kHeight - kBottom - y / y_max_ * (kHeight - kBottom - kTop); }

  double x_max_, y_max_;
  std::string out_;
};

// Latency by percentile; to the right each step has a tenth of the requests of the one before.
std::string percentile_plot(const SendTally& tally, bool open_loop) {
  constexpr std::array<std::pair<double, std::string_view>, 6> kMarks{
      {{0, "0"}, {1, "90"}, {2, "99"}, {3, "99.9"}, {4, "99.99"}, {5, "99.999 %"}}};
  const double decades =
      std::clamp(std::log10(static_cast<double>(std::max<std::uint64_t>(tally.service.count(), 10))), 1.0, 5.0);
  const auto curve = [&](const LatencyHistogram& histogram) {
    std::vector<Point> points;
    for (int i = 0; i <= 100; ++i) {
      const double x = decades * i / 100;
      points.push_back({x, ms(histogram, 1 - std::pow(10, -x))});
    }
    return points;
  };
  const std::vector<Point> service = curve(tally.service), latency = curve(tally.latency);
  double worst = service.back().y;
  if (open_loop) worst = std::max(worst, latency.back().y);
  Plot plot(decades, worst, "", "ms");
  for (const auto& [x, text] : kMarks)
    if (x <= decades) plot.mark(x, text);
  plot.line(service, "b");
  if (open_loop) plot.line(latency, "a");
  return plot.svg();
}

struct Slice {
  double records = 0, worst_ms = 0;
};

// The seconds of a long run are drawn several at a time: the mean rate, the worst latency.
std::vector<Slice> slices_of(const Timeline& timeline, std::size_t seconds_a_slice) {
  std::vector<Slice> slices;
  const auto& seconds = timeline.seconds();
  for (std::size_t i = 0; i < seconds.size(); i += seconds_a_slice) {
    const std::size_t end = std::min(i + seconds_a_slice, seconds.size());
    Slice& slice = slices.emplace_back();
    for (std::size_t s = i; s < end; ++s) {
      slice.records += static_cast<double>(seconds[s].records) / static_cast<double>(end - i);
      slice.worst_ms = std::max(slice.worst_ms, static_cast<double>(seconds[s].worst_micros) / 1e3);
    }
  }
  return slices;
}

std::string time_plot(const Timeline& timeline, double Slice::*what, std::string_view unit, std::string_view style) {
  const std::size_t a_slice = timeline.seconds().size() / kPointsMax + 1;
  std::vector<Point> points;
  double most = 0;
  for (const Slice& slice : slices_of(timeline, a_slice)) {
    points.push_back({static_cast<double>(points.size() * a_slice), slice.*what});
    most = std::max(most, slice.*what);
  }
  const double end = points.empty() ? 1 : std::max(points.back().x, 1.0);
  Plot plot(end, most, "", unit);
  const double step = std::max(step_for(end), 1.0);
  for (double at = 0; at <= end; at += step) plot.mark(at, fmt::format("{:g} s", at));
  plot.line(points, style);
  return plot.svg();
}

std::string latency_row(std::string_view name, const LatencyHistogram& histogram) {
  return fmt::format(
      "<tr><td>{}</td><td>{:.1f}</td><td>{:.1f}</td><td>{:.1f}</td><td>{:.1f}</td><td>{:.1f}</td></tr>\n", name,
      ms(histogram, 0.5), ms(histogram, 0.9), ms(histogram, 0.99), ms(histogram, 0.999),
      static_cast<double>(histogram.max()) / 1e3);
}

std::string verdict(const ReplayResult& result) {
  const std::vector<std::string> wrong = result.disagreements();
  if (wrong.empty()) return "<p class=\"well\">All agrees.</p>\n";
  std::string out = "<ul class=\"bad\">\n";
  for (const std::string& sentence : wrong) out += "<li>" + escaped(sentence) + "</li>\n";
  return out + "</ul>\n";
}

}  // namespace

std::string report_html(const ReplayResult& result) {
  const SendTally& tally = result.tally;
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>straykey replay</title>\n"
      "<style>{}</style></head><body>\n<h1>straykey replay</h1>\n",
      kStyle);
  out += verdict(result);
  if (!result.valid()) out += "<p class=\"bad\">This run is invalid: the generator was the bottleneck.</p>\n";
  out += fmt::format("<p>{} records in {} requests over {} connections; {} events/s for {:.1f} s.</p>\n",
                     with_commas(tally.records), with_commas(tally.requests), tally.connections,
                     with_commas(static_cast<std::uint64_t>(result.rate())), result.seconds);
  out +=
      "<h2>Latency by percentile</h2>\n<table><tr><th>ms</th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th>"
      "<th>max</th></tr>\n";
  if (result.open_loop) out += latency_row("latency, from when the plan said", tally.latency);
  out += latency_row("service, of each attempt", tally.service) + "</table>\n";
  out += percentile_plot(tally, result.open_loop);
  out += "<h2>Records answered a second</h2>\n" + time_plot(tally.timeline, &Slice::records, "records/s", "a");
  out += "<h2>Worst latency of each second</h2>\n" + time_plot(tally.timeline, &Slice::worst_ms, "ms", "b");
  out += "<h2>In words</h2>\n<pre class=\"dim\">" + escaped(report_text(result)) + "</pre>\n</body></html>\n";
  return out;
}

}  // namespace straykey
