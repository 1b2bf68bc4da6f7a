// A parked event: a copy that keeps its address until it is answered, with its strings and its
// buffer, and the place in the chain where it goes on. Decides what is copied; who may answer is
// the token's business.
#pragma once
#include <atomic>
#include <cstdint>

#include "bus/deadline_ring.h"
#include "bus/hook_chain.h"
#include "bus/string_arena.h"
#include "bus/ticket_pool.h"
#include "loop/buffer_pool.h"
#include "loop/event_loop.h"

namespace sara::bus {

class HookRunner;

struct Suspended : Ticket, Deadline {
    static constexpr uint64_t kReasonBytesMax = 256;  // docs/limits.md: resume_reason_bytes_max

    AnyEvent event{};
    // Where it goes on, and who hears of the end.
    Hook hook = kConnOpen;
    const Chain* chain = nullptr;
    size_t index = 0;
    Hooks::Finished finished = nullptr;
    void* user = nullptr;
    uint64_t a = 0;
    HookRunner* runner = nullptr;
    // The open token.
    std::atomic<const Instance*> owner{nullptr};
    sara_verdict on_timeout = SARA_REJECT;
    bool parked = false;  // its filter has returned SARA_SUSPEND
    bool voided = false;  // its filter has returned something else, yet an answer is on its way
    // Written by the winner of the token, read by the loop.
    sara_verdict answer = SARA_PASS;
    bool timed_out = false;
    uint32_t reason_len = 0;
    char reason[kReasonBytesMax];
    Suspended* next_ready = nullptr;
    // What the event refers to.
    StringArena strings;
    loop::Buffer* buffer = nullptr;

    // [loop] Makes every string of the event live as long as this record, in place. False: no
    // memory.
    [[nodiscard]] bool keepStrings() noexcept;
    // [loop] Moves the strings that this record owns to another arena.
    void moveStrings(StringArena& to) noexcept;
    // [loop] Drops strings and buffer.
    void forget() noexcept;
};

}  // namespace sara::bus
