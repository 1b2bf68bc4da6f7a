#include "loop_calls.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <sara/packet.hpp>

namespace sara::rpc_http {
namespace {

constexpr uint32_t kGraceMs = 2000;  // a command's timeout is the host's; this is for its way here

// Shared by the waiting thread and the loop; whoever is last frees it.
struct Waiter {
    std::mutex mutex;
    std::condition_variable arrived;
    bool done = false;
    CallResult result;
};

// What travels to the loop.
struct Question {
    const Host* host;
    std::string service, method, peer;
    Buffer params;
    uint32_t flags;
    uint32_t timeout_ms;
    std::shared_ptr<Waiter> waiter;
};

void onDone(void* user, sara_status st, sara_buf* result) noexcept {
    const std::unique_ptr<Question> question(static_cast<Question*>(user));
    Waiter& waiter = *question->waiter;
    CallResult answer{toStatus(st), {}};
    try {
        if (result != nullptr) answer.json = std::string(view(result));
    } catch (const std::bad_alloc&) {
        answer.status = Status::kNoMemory;
    }
    const std::lock_guard lock(waiter.mutex);
    waiter.result = std::move(answer);
    waiter.done = true;
    waiter.arrived.notify_one();
}

void onLoop(void* user) noexcept {
    auto* question = static_cast<Question*>(user);
    const Host& host = *question->host;
    host.rpc->call_with(host.raw(), str(question->service), str(question->method),
                        str(question->peer), question->params.get(), question->flags,
                        question->timeout_ms, &onDone, question);
}

// How many loops have taken a turn since they were asked.
struct RollCall {
    std::mutex mutex;
    std::condition_variable arrived;
    std::vector<bool> here;
    size_t count = 0;
};

}  // namespace

CallResult LoopCalls::call(std::string_view service, std::string_view method,
                           std::string_view params, std::string_view peer, bool trusted) {
    auto waiter = std::make_shared<Waiter>();
    auto question = std::make_unique<Question>();
    question->host = &host_;
    question->service = std::string(service);
    question->method = std::string(method);
    question->peer = std::string(peer);
    question->params = Buffer::copyOf(host_, params);
    question->flags = trusted ? uint32_t{SARA_RPC_TRUSTED} : 0U;
    question->timeout_ms = timeout_ms_;
    question->waiter = waiter;
    if (!question->params) return {Status::kNoMemory, {}};
    const uint32_t loop = next_loop_.fetch_add(1, std::memory_order_relaxed) % host_.loopCount();
    const Status posted = toStatus(host_.loop->post(host_.raw(), loop, &onLoop, question.get()));
    if (!ok(posted)) return {posted, {}};
    (void)question.release();  // onDone() frees it
    std::unique_lock lock(waiter->mutex);
    const auto limit = std::chrono::milliseconds(timeout_ms_ + kGraceMs);
    if (!waiter->arrived.wait_for(lock, limit, [&] { return waiter->done; })) {
        return {Status::kTimeout, {}};
    }
    return std::move(waiter->result);
}

std::vector<uint32_t> LoopCalls::deafLoops(uint32_t wait_ms) {
    auto roll = std::make_shared<RollCall>();
    const uint32_t loops = host_.loopCount();
    roll->here.resize(loops);
    for (uint32_t i = 0; i < loops; ++i) {
        // A full mailbox is a loop that does not keep up: it stays deaf.
        (void)Loop(host_).post(i, [roll, i] {
            const std::lock_guard lock(roll->mutex);
            roll->here[i] = true;
            if (++roll->count == roll->here.size()) roll->arrived.notify_one();
        });
    }
    std::unique_lock lock(roll->mutex);
    (void)roll->arrived.wait_for(lock, std::chrono::milliseconds(wait_ms),
                                 [&] { return roll->count == loops; });
    std::vector<uint32_t> deaf;
    for (uint32_t i = 0; i < loops; ++i) {
        if (!roll->here[i]) deaf.push_back(i);
    }
    return deaf;
}

}  // namespace sara::rpc_http
