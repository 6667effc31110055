// What the reference model learns from each action.
#include "tests/simulation/reference.h"
#include "tests/simulation/reference_words.h"

namespace straykey {

void Reference::note(std::string_view kind, const std::string& scope, const std::string& value, Day day) {
  facts_[{kind, scope, value}].insert(day);
}

// What the event that issued a key says of the role.
void Reference::learn_issue(const Action& action) {
  const Day day = action.day;
  const std::string role = role_of(action);
  if (action.tells == Tells::shape_of_a_person)
    return note("role_principal", role, "arn:aws:iam::111122223333:user/ana", day);
  const std::string service = service_of(action.who->kind);
  note("role_service", role, service, day);
  if (action.who->kind == Kind::cluster) {
    note("role_service", std::string(kClusterPrincipal), service, day);
    return note("role_principal", role, std::string(kClusterPrincipal), day);
  }
  const std::string principal = action.who->kind == Kind::ecs   ? "ecs-tasks"
                                : action.who->kind == Kind::eks ? "pods.eks"
                                                                : service;
  note("role_principal", role, action.what == Action::What::exchange ? role : principal + ".amazonaws.com", day);
}

// A call that comes before its issuing event teaches what its name says as well, and nothing takes that back.
void Reference::learn(const Action& action, bool proven) {
  if (action.tells == Tells::shape_then_issue && action.what == Action::What::call) {
    learn(told_by(action, Tells::session_shape));
    return learn(told_by(action, Tells::by_issue), proven);
  }
  if (action.from_future) return;
  const Day day = action.day;
  const std::string role = role_of(action), identity = identity_of(action);
  note("account", std::string(action.who->account), "", day);
  if (action.what != Action::What::call) learn_issue(action);
  if (!is_call(action)) return;
  if (action.way == Action::Way::console) {  // whoever sits there, his place says nothing of the role's
    if (proven && action.who->kind != Kind::person) note("identity_evidence", identity, "console", day);
    return;
  }
  if (!action.issued_key.empty()) {
    const std::string child = role_of(action, action.depth + 1);
    note("role_principal", child, role, day);
    if (proven && !is_weak(action)) note("role_child", role, child, day);
  }
  const bool outside_provider = action.who->kind == Kind::cluster && action.what == Action::What::exchange;
  if (kubernetes_ || !outside_provider)
    for (const std::string& form : action.place->forms) note("network_identity", form, role, day);
  if (action.who->kind != Kind::person && proven) learn_token(action);
}

void Reference::learn_token(const Action& action) {
  const Day day = action.day;
  const std::string identity = identity_of(action), tool(action.tool->family);
  const auto teach = [&](std::string_view kind, const std::string& scope, const std::string& value) {
    note(is_weak(action) ? weak_kind(kind) : kind, scope, value, day);
  };
  if (action.place->external()) note("identity_other_call", identity, action.place->forms.front(), day);
  if (action.who->kind == Kind::lambda && action.depth == 0)
    for (const std::string& form : action.place->forms) note("network_identity", form, identity, day);
  for (const std::string& form : action.place->forms) teach("identity_network", identity, form);
  teach("identity_tool", identity, tool);
  teach("identity_runtime", identity, runtime_of(*action.tool));
  if (is_serverless(action.who->kind) && action.tool->cli) teach("tool_identity", tool, identity);
  if (!letter_of(action).empty()) teach("identity_evidence", identity, letter_of(action));
  if (opens_console(action)) teach("identity_evidence", identity, "console");
}

}  // namespace straykey
