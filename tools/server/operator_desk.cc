#include "tools/server/operator_desk.h"

#include <memory>
#include <string>

#include "core/base/cpu.h"

namespace straykey {
namespace {

using Kind = OperatorAnswer::Kind;

OperatorAnswer stopping() {
  return {Kind::stopped, "the server stops", {}, {}};
}

}  // namespace

OperatorDesk::OperatorDesk(Dependencies dependencies)
    : dependencies_(std::move(dependencies)), thread_([this] { run(); }) {}

OperatorDesk::~OperatorDesk() {
  stop();
}

void OperatorDesk::ask(OperatorRequest request, Answer answer) {
  if (std::string objection = objection_to(request); !objection.empty())
    return answer({Kind::bad_request, std::move(objection), {}, {}});
  const Operation& operation = *find_operation(request.operation);
  if (operation.of_endpoints != Operation::OfEndpoints::no)
    return dependencies_.ask_endpoints ? dependencies_.ask_endpoints(request, std::move(answer))
                                       : answer(no_endpoints_answer());
  if (operation.change) return carry_out(operation, request, std::move(answer));
  OperatorAnswer refusal = stopping();
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && waiting_.size() < kWaitingMax) {
      waiting_.push_back({std::move(request), std::move(answer)});
      changed_.notify_one();
      return;
    }
    if (!stopping_) refusal.sentence = "too many operators ask at once";
  }
  answer(refusal);
}

void OperatorDesk::carry_out(const Operation& operation, const OperatorRequest& request, Answer answer) {
  auto change = operation.change(dependencies_.stores, request.arguments, dependencies_.now());
  if (!change) return answer({Kind::bad_request, change.error().message, {}, {}});
  // Called by the change, or by us if the pipeline does not accept it
  const auto told = std::make_shared<Answer>(std::move(answer));
  (*change)->on_done = [told](const ChangeOutcome& outcome) { (*told)(answer_to(outcome)); };
  switch (dependencies_.pipeline.submit(*change)) {
    case SubmitResult::accepted:
      return;
    case SubmitResult::damaged:
      return (*told)({Kind::failed, "a part of the store is damaged: nothing can be changed", {}, {}});
    case SubmitResult::overloaded:
    case SubmitResult::stopped:
      return (*told)(stopping());
  }
}

void OperatorDesk::run() {
  name_this_thread("operators");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    const bool stops = stopping_;
    lock.unlock();
    const Operation& operation = *find_operation(next.request.operation);
    next.answer(stops ? stopping() : operation.read(dependencies_.stores, next.request.arguments));
    lock.lock();
  }
}

void OperatorDesk::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace straykey
