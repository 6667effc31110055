#pragma once
// Secrets in a record: credentials that AWS wrote into it are taken out before anybody is shown the record.
//
// Shape:  the value of each field whose name ends like that of a secret (token, password, secretKey, signature, ...) is
//         replaced by a text that says so, however deep it lies and however the name is written (sessionToken,
//         AWS_SESSION_TOKEN, X-Amz-Security-Token). The same in JSON inside a string, in `name=value` inside a string,
//         as in the query of a URL, and in objects with a name and a value. Page and idempotency tokens (nextToken,
//         clientToken) stay, and so do access key ids.
// Thread: any (a function of its argument).
#include <boost/json.hpp>
#include <string_view>

namespace straykey {

inline constexpr std::string_view kSecretTakenOut = "(taken out by straykey)";

// Cost: linear; JSON inside a string is read once more, and what lies in more than four such strings is not looked at
// but taken out.
void take_out_secrets(boost::json::value& record);

}  // namespace straykey
