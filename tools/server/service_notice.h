#pragma once
// Tells the service manager (systemd, Type=notify or notify-reload) how the process does.
//
// Thread: any (no state).
// Errors: none. Without NOTIFY_SOCKET in the environment nobody asked, and nothing is sent.
// Source: systemd's manual page of its notifications, "Protocol".
#include <string_view>

namespace straykey {

// "READY=1", "STOPPING=1".
void tell_service_manager(std::string_view state);
// A reload begins; it ends with READY=1.
void tell_service_manager_of_reload();

}  // namespace straykey
