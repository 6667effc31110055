#include "tools/config/check_config.h"

#include <algorithm>
#include <boost/json.hpp>
#include <ctime>
#include <ostream>
#include <utility>

#include "core/base/terminal_text.h"
#include "tools/config/config_settings.h"
#include "tools/config/config_validate.h"
#include "tools/terminal/exit_code.h"

namespace straykey {

CheckedConfig read_and_validate(const std::string& path, Seconds now) {
  ConfigResult read = read_config(path);
  CheckedConfig checked{std::move(read.config), std::move(read.errors)};
  const std::vector<ConfigError> of_reading = checked.errors;
  const auto damaged = [&](const std::string& table) {
    return std::any_of(of_reading.begin(), of_reading.end(), [&](const ConfigError& e) { return e.table == table; });
  };
  const auto read_badly = [&](const ConfigPlace& place) {
    return std::any_of(of_reading.begin(), of_reading.end(), [&](const ConfigError& e) { return e.place == place; });
  };
  // If a file could not be read at all, no table can be trusted.
  if (damaged("")) return checked;
  for (ConfigError& error : validate(checked.config, now)) {
    // What was read badly has its default, so nothing follows from it; a setting that was read well stands for itself.
    if (!damaged(error.table) || (error.at_its_key && !read_badly(error.place)))
      checked.errors.push_back(std::move(error));
  }
  return checked;
}

namespace {

void print_json(std::ostream& out, const std::string& path, const std::vector<ConfigError>& errors,
                const std::vector<std::string>& warnings) {
  namespace json = boost::json;
  json::array all_errors;
  for (const ConfigError& error : errors)
    all_errors.push_back(json::object{{"file", error.place.file},
                                      {"line", error.place.line},
                                      {"column", error.place.column},
                                      {"table", error.table},
                                      {"message", error.message}});
  const json::object whole{{"file", path},
                           {"ok", errors.empty()},
                           {"errors", std::move(all_errors)},
                           {"warnings", json::array(warnings.begin(), warnings.end())}};
  out << terminal_json(json::serialize(whole)) << '\n';
}

}  // namespace

int check_config(const std::string& path, std::ostream& out, bool as_json) {
  const Seconds now = std::time(nullptr);
  CheckedConfig checked = read_and_validate(path, now);
  std::vector<ConfigError>& errors = checked.errors;
  const auto of_networks = [](const ConfigError& error) { return error.table == "networks" || error.table.empty(); };
  if (std::none_of(errors.begin(), errors.end(), of_networks)) {
    const auto networks = load_networks(checked.config);
    if (!networks) errors.push_back({checked.config.place_of("networks"), "networks", networks.error().message});
  }
  const std::vector<std::string> warnings =
      errors.empty() ? config_warnings(checked.config, now) : std::vector<std::string>{};
  const int code = errors.empty() ? kExitWell : kExitConfig;
  if (as_json) {
    print_json(out, path, errors, warnings);
    return code;
  }
  const std::string name = terminal_text(path, kPathShownBytes);
  for (const ConfigError& error : errors) out << terminal_text(error.text()) << '\n';
  for (const std::string& warning : warnings) out << "warning: " << terminal_text(warning) << '\n';
  if (errors.empty())
    out << name << ": no errors\n";
  else
    out << name << ": " << errors.size() << (errors.size() == 1 ? " error\n" : " errors\n");
  return code;
}

}  // namespace straykey
