#pragma once
// The subcommands of `straykey`: each adds its options to the command line and, if it was called, runs.
//
// Shape:  add_x_command(app) returns a function that gives -1 if its subcommand was not called, else runs it and gives
//         the exit code.
// Errors: exit codes: 0 well, 1 failed, 2 usage, 75 restart me, 78 configuration.
#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace straykey {

inline constexpr int kExitWell = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitRestart = 75;
inline constexpr int kExitConfig = 78;

// Says `message` on stderr as "straykey: message" and returns `code`.
int fail(const std::string& message, int code = kExitFailed);

using RunCommand = std::function<int()>;

RunCommand add_serve_command(CLI::App& app);
RunCommand add_scan_command(CLI::App& app);
RunCommand add_simulate_command(CLI::App& app);
RunCommand add_alerts_command(CLI::App& app);
RunCommand add_baseline_command(CLI::App& app);
RunCommand add_config_commands(CLI::App& app);
RunCommand add_ranges_command(CLI::App& app);
RunCommand add_receive_command(CLI::App& app);
RunCommand add_replay_command(CLI::App& app);
RunCommand add_check_command(CLI::App& app);
RunCommand add_backup_command(CLI::App& app);
RunCommand add_restore_command(CLI::App& app);

}  // namespace straykey
