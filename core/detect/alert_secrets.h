#pragma once
// Secrets in a record: credentials that AWS wrote into it are taken out before anybody is shown the record.
//
// Shape:  the value of each field whose name is that of a secret is replaced by a text that says so, however deep it
//         lies and however the name is written (sessionToken, SessionToken, X-Amz-Security-Token).
// Thread: any (a function of its argument).
#include <boost/json.hpp>
#include <string_view>

namespace straykey {

inline constexpr std::string_view kSecretTakenOut = "(taken out by straykey)";

// Cost: looks at every field once.
void take_out_secrets(boost::json::value& record);

}  // namespace straykey
