#include "bus/callback_bus.h"

#include <array>
#include <cstddef>
#include <deque>

#include "bus/abi_text.h"

namespace sara::bus {
namespace {

constexpr size_t kKeys = 64;            // per record: an answer names its question by one of them
constexpr size_t kFreeRecordsMin = 64;  // below it a new record is made instead of using one again

}  // namespace

// A question that waits. The plugin holds the address of one of its keys, another one each time the
// record is used, and records live as long as the bus and are used again in turn: so a second
// answer finds a key that is not the present one, until thousands of questions later.
struct CallbackBus::Call {
    struct Key {
        Call* call = nullptr;
    };
    std::array<Key, kKeys> keys;
    size_t key = 0;
    bool open = false;
    PerLoop* home = nullptr;
    MembersDone done = nullptr;
    void* user = nullptr;
};

struct CallbackBus::PerLoop {
    std::vector<std::unique_ptr<Call>> calls;
    std::deque<Call*> free;  // the longest unused first
    std::vector<std::string_view> names;
};

CallbackBus::CallbackBus(loop::LoopSet& loops, const sara_service* callback) : callback_(callback) {
    for (uint32_t i = 0; i < loops.size(); ++i) per_loop_.push_back(std::make_unique<PerLoop>());
}

CallbackBus::~CallbackBus() = default;

void CallbackBus::members(std::string_view gid, std::string_view domain, MembersDone done,
                          void* user) {
    const auto* api = static_cast<const sara_callback*>(callback_->api);
    if (api == nullptr) {
        done(user, Status::kUnsupported, {});
        return;
    }
    PerLoop& here = *per_loop_[loop::EventLoop::current()->index()];
    if (here.free.size() < kFreeRecordsMin) {
        here.calls.push_back(std::make_unique<Call>());
        Call& made = *here.calls.back();
        made.home = &here;
        for (Call::Key& key : made.keys) key.call = &made;
        here.free.push_front(&made);
    }
    Call& call = *here.free.front();
    here.free.pop_front();
    call.key = (call.key + 1) % kKeys;
    call.open = true;
    call.done = done;
    call.user = user;
    api->members(callback_->self, str(gid), str(domain), onMembers, &call.keys[call.key]);
}

void CallbackBus::onMembers(void* key, sara_status st, const sara_str* users, uint32_t n) noexcept {
    Call& call = *static_cast<Call::Key*>(key)->call;
    if (!call.open || key != &call.keys[call.key]) return;
    call.open = false;
    PerLoop& here = *call.home;
    here.free.push_back(&call);
    std::vector<std::string_view>& names = here.names;
    names.clear();
    for (uint32_t i = 0; st == SARA_OK && i < n; ++i) {
        names.emplace_back(users[i].ptr, users[i].len);
    }
    call.done(call.user, toStatus(st), names);
}

void CallbackBus::offline(std::string_view user_jid, const chat::Packet& packet, uint64_t total) {
    const auto* api = static_cast<const sara_callback*>(callback_->api);
    if (api == nullptr) return;
    // The head of a loop::Buffer is the public sara_buf (buffers_table).
    api->offline(callback_->self, str(user_jid), reinterpret_cast<sara_buf*>(packet.buffer()),
                 total);
}

}  // namespace sara::bus
