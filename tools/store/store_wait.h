#pragma once
// Waiting for a store that another process has locked: a command on a stopped store holds it until its answer is
// written, which must not end the start of a server or another command.
//
// Thread: one, which waits.
// Bounds: kCommandPatienceMs for commands; the server has its own.
// Errors: those of the opening. If the store is still in use at the end, the sentence names the process that has it, as
//         far as the system tells.
#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "storage/data_directory.h"

namespace straykey {

inline constexpr int kCommandPatienceMs = 5'000;

// The opening failed only because another process has the store.
[[nodiscard]] bool is_in_use(const Error& error);

// The process that holds the lock of a data directory. Nothing if that cannot be told, such as for a process in another
// container.
[[nodiscard]] std::optional<pid_t> lock_holder(const std::string& data_dir);

using OpenStore = std::function<Result<std::unique_ptr<DataDirectory>>()>;

// Calls `open` until the store at `path` is free, a server answers for it, or pause() returns false.
[[nodiscard]] Result<std::unique_ptr<DataDirectory>> open_when_free(const std::string& path, const OpenStore& open,
                                                                    const std::function<bool()>& pause);

// For commands: pauses of 50 ms, kCommandPatienceMs in all.
[[nodiscard]] std::function<bool()> short_pauses();

}  // namespace straykey
