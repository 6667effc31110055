#pragma once
// What the parts of the reference model say of an action and its workload in the same words.
//
// Thread: any (functions of their arguments).
#include <string>
#include <string_view>

#include "tests/simulation/world.h"

namespace straykey {

[[nodiscard]] inline bool is_serverless(Kind kind) {
  return kind == Kind::lambda || kind == Kind::ecs || kind == Kind::codebuild;
}

[[nodiscard]] inline std::string service_of(Kind kind) {
  switch (kind) {
    case Kind::lambda:
      return "lambda";
    case Kind::ecs:
      return "ecs";
    case Kind::eks:
      return "eks";
    case Kind::ec2:
      return "ec2";
    case Kind::cluster:
      return "kubernetes";
    default:
      return "codebuild";
  }
}

[[nodiscard]] inline std::string runtime_of(const Agent& tool) {
  return std::string(tool.platform) + ' ' + std::string(tool.exec_env);
}

[[nodiscard]] inline bool is_pod(Kind kind) {
  return kind == Kind::eks || kind == Kind::cluster;
}

[[nodiscard]] inline bool is_weak(const Action& action) {
  return action.tells == Tells::session_shape || action.tells == Tells::shape_then_issue ||
         action.tells == Tells::shape_of_a_person;
}

[[nodiscard]] inline bool opens_console(const Action& action) {
  return action.way == Action::Way::sign_in || action.way == Action::Way::console;
}

// The same call as another kind of token's.
[[nodiscard]] inline Action told_by(const Action& call, Tells tells) {
  Action out = call;
  out.tells = tells;
  return out;
}

inline constexpr std::string_view kClusterPrincipal = "kubernetes oidc.example.net/shop";

[[nodiscard]] inline std::string_view weak_kind(std::string_view kind) {
  if (kind == "identity_network") return "weak_identity_network";
  if (kind == "identity_tool") return "weak_identity_tool";
  if (kind == "tool_identity") return "weak_tool_identity";
  if (kind == "identity_runtime") return "weak_identity_runtime";
  return "weak_identity_evidence";
}

[[nodiscard]] inline bool is_call(const Action& action) {
  return action.what != Action::What::issue;
}

}  // namespace straykey
