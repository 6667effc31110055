#include "tools/replay/pacing.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/invariant.h"

namespace straykey {
namespace {

bool parse_positive(std::string_view text, double& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(out) && out > 0 && out <= 1e9;
}

// Seconds until a ramp has sent `events`: the positive root of from t + (to - from) t^2 / (2 s) = events, in the form
// that does not divide by a slope near 0.
double ramp_due_s(const Pacing& ramp, double events) {
  const double in_ramp = (ramp.ramp_from + ramp.rate) / 2 * ramp.ramp_s;
  if (events >= in_ramp) return ramp.ramp_s + (events - in_ramp) / ramp.rate;
  const double half_slope = (ramp.rate - ramp.ramp_from) / (2 * ramp.ramp_s);
  const double root = std::sqrt(std::max(0.0, ramp.ramp_from * ramp.ramp_from + 4 * half_slope * events));
  return 2 * events / (ramp.ramp_from + root);
}

}  // namespace

Result<Pacing> parse_rate(std::string_view text) {
  Pacing pacing{.kind = Pacing::Kind::rate};
  if (!parse_positive(text, pacing.rate)) return Error{"--rate wants events a second, such as 2000"};
  return pacing;
}

Result<Pacing> parse_ramp(std::string_view text) {
  Pacing pacing{.kind = Pacing::Kind::ramp};
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos || !parse_positive(text.substr(0, first), pacing.ramp_from) ||
      !parse_positive(text.substr(first + 1, second - first - 1), pacing.rate) ||
      !parse_positive(text.substr(second + 1), pacing.ramp_s))
    return Error{"--ramp wants FROM:TO:SECONDS, such as 100:5000:60"};
  return pacing;
}

Result<Pacing> parse_speed(std::string_view text) {
  Pacing pacing{.kind = Pacing::Kind::speed};
  if (text.ends_with('x')) text.remove_suffix(1);
  if (!parse_positive(text, pacing.speed)) return Error{"--speed wants a factor, such as 60x"};
  return pacing;
}

double SendPlan::due_s(std::uint64_t events_before, Seconds newest) {
  INVARIANT(pacing_.open_loop());
  if (!began_) first_ = newest;
  began_ = true;
  double due = 0;
  const double events = static_cast<double>(events_before);
  if (pacing_.kind == Pacing::Kind::rate) due = events / pacing_.rate;
  if (pacing_.kind == Pacing::Kind::ramp) due = ramp_due_s(pacing_, events);
  if (pacing_.kind == Pacing::Kind::speed) due = static_cast<double>(newest - first_) / pacing_.speed;
  last_s_ = std::max(last_s_, due);
  return last_s_;
}

}  // namespace straykey
