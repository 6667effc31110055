#pragma once
// Everything that an operator may ask and do, by name: the table behind the admin API and the commands.
//
// Shape:  an operation has a name ("alerts/list") and arguments that are texts; its answer is items, which are JSON
//         objects as texts. A read answers at once, a page at a time. A change is made into an OperatorChange, which
//         the caller has carried out. A new verb is a row of this table and its function.
// Thread: any.
// Bounds: kArgumentBytesMax for each argument, which is UTF-8; PageLimits for each answer.
// Errors: OperatorAnswer::Kind, with one sentence.
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/engine/operator_change.h"
#include "core/operate/stores.h"

namespace straykey {

inline constexpr std::size_t kArgumentBytesMax = 2'048;

using OperatorArguments = std::map<std::string, std::string, std::less<>>;

// Who asks, as far as it is known: for the audit log.
struct OperatorCaller {
  std::string name;        // of the token
  std::string scope = {};  // that the token needed; empty: none was needed
  std::string address = {};
  std::string request_id = {};
};
// Who may open the local socket is an operator, by whatever name.
inline constexpr std::string_view kAdminSocketCaller = "admin.sock";

struct OperatorRequest {
  std::string operation;
  OperatorArguments arguments;
  OperatorCaller caller = {};
};

struct OperatorAnswer {
  enum class Kind : std::uint8_t {
    done,
    bad_request,  // an unknown operation, or an argument that is missing, unknown or malformed
    not_found,    // what was asked for does not exist
    conflict,     // it is as asked for already
    failed,       // the store could not be read or written. Asking again does no harm.
    stopped,      // the server stops, or is too busy for operators. Asking again does no harm.
  };
  Kind kind = Kind::done;
  std::string sentence;            // why it is not done
  std::vector<std::string> items;  // JSON objects
  std::string next;                // the argument `after` of the page that follows; empty: that was all
};

struct OperatorArgument {
  std::string_view name;
  bool required = false;
  std::string_view purpose = {};  // for the command line; empty: it is not for people
  bool by_place = false;          // the command line takes it by its place, although it may be left out
};

struct Operation {
  std::string_view name;
  std::string_view purpose;
  std::vector<OperatorArgument> arguments;
  // One of the two is set, unless it is of_endpoints. It is given only arguments that stand in the list, and all
  // required ones.
  std::function<OperatorAnswer(const OperatorStores& stores, const OperatorArguments& arguments)> read;
  std::function<Result<std::unique_ptr<OperatorChange>>(const OperatorStores& stores,
                                                        const OperatorArguments& arguments, Seconds now)>
      change;
  // What is wrong with the form of an argument, whatever the store holds; may be empty.
  std::function<std::string(const OperatorArguments& arguments)> objection = {};
  // `read` changes what is kept beside the store; asking again does no harm.
  bool reads_to_change = false;
  // It is about the endpoints of a running server, which answers it itself.
  enum class OfEndpoints : std::uint8_t { no, read, change };
  OfEndpoints of_endpoints = OfEndpoints::no;

  // Asked for by POST, with the arguments in the body.
  [[nodiscard]] bool posts() const noexcept {
    return change != nullptr || reads_to_change || of_endpoints == OfEndpoints::change;
  }
};

[[nodiscard]] std::span<const Operation> operations();
// Null if there is no operation of that name.
[[nodiscard]] const Operation* find_operation(std::string_view name);
// Why the request has no answer from any store; empty if it has one. Commands ask this before they look for a store.
[[nodiscard]] std::string objection_to(const OperatorRequest& request);
// The answer to what concerns endpoints, where no server runs.
[[nodiscard]] OperatorAnswer no_endpoints_answer();
// The answer that an operator gets for the outcome of a change.
[[nodiscard]] OperatorAnswer answer_to(const ChangeOutcome& outcome);

}  // namespace straykey
