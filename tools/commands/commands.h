#pragma once
// The subcommands of `straykey`: each adds its options to the command line and, if it was called, runs.
//
// Shape:  add_x_command(app) returns a function that gives -1 if its subcommand was not called, else runs it and gives
//         the exit code.
// Errors: exit codes of tools/terminal/exit_code.h.
#include <functional>

#include "tools/terminal/exit_code.h"

namespace CLI {
class App;
}

namespace straykey {

using RunCommand = std::function<int()>;

RunCommand add_init_command(CLI::App& app);
RunCommand add_serve_command(CLI::App& app);
RunCommand add_status_command(CLI::App& app);
RunCommand add_scan_command(CLI::App& app);
RunCommand add_simulate_command(CLI::App& app);
RunCommand add_alerts_command(CLI::App& app);
RunCommand add_webhook_command(CLI::App& app);
RunCommand add_baseline_command(CLI::App& app);
RunCommand add_rejects_command(CLI::App& app);
RunCommand add_config_commands(CLI::App& app);
RunCommand add_accounts_command(CLI::App& app);
RunCommand add_ranges_command(CLI::App& app);
RunCommand add_receive_command(CLI::App& app);
RunCommand add_replay_command(CLI::App& app);
RunCommand add_check_command(CLI::App& app);
RunCommand add_backup_command(CLI::App& app);
RunCommand add_restore_command(CLI::App& app);
// completion, man and version; `app` is read when they run.
RunCommand add_print_commands(CLI::App& app);

}  // namespace straykey
