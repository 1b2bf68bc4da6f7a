// One call of the store on its way: from the loop that asked, through the writer, back to that
// loop. Owned by the LoopDesk of that loop; between submit and delivery only the writer writes to
// the fields below "writer".
#pragma once
#include <sara/sara.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sara::store_embedded {

class LoopDesk;

struct Operation {
    enum class Kind : uint8_t { kAppend, kFetch, kDrop, kSweep };

    // A packet found by a fetch; offsets into page.
    struct Found {
        uint64_t seq;
        size_t at;
        uint32_t id_len;
        uint32_t from_len;
        size_t packet_len;
    };

    // Set by the loop before submit.
    Kind kind = Kind::kAppend;
    LoopDesk* desk = nullptr;
    union {
        sara_append_done append;
        sara_fetch_done fetch;
        sara_done drop;
    } done{};
    void* user_data = nullptr;
    std::string text;  // user, id and from, one behind the other
    uint32_t user_len = 0;
    uint32_t id_len = 0;
    sara_buf* packet = nullptr;  // one reference
    uint64_t expires_ms = 0;
    uint64_t after_seq = 0;
    uint64_t bytes_max = 0;
    uint32_t count = 0;
    std::vector<uint64_t> seqs;  // to drop

    // Written by the writer.
    sara_status status = SARA_OK;
    uint32_t more = 0;
    uint64_t seq = 0;
    uint64_t waiting = 0;  // packets of this user behind an append
    std::string page;
    std::vector<Found> found;

    // Links: queue or chain of results; list of the desk's operations that are under way.
    Operation* next = nullptr;
    Operation* newer = nullptr;
    Operation* older = nullptr;

    std::string_view user() const { return std::string_view(text).substr(0, user_len); }
    std::string_view id() const { return std::string_view(text).substr(user_len, id_len); }
    std::string_view from() const { return std::string_view(text).substr(user_len + id_len); }
    uint64_t packetBytes() const { return packet != nullptr ? packet->len : 0; }
};

// A singly linked chain of operations; owns nothing.
struct OperationChain {
    Operation* first = nullptr;
    Operation* last = nullptr;
    uint64_t count = 0;

    bool empty() const { return first == nullptr; }
    void push(Operation* op) {
        op->next = nullptr;
        if (last == nullptr) {
            first = op;
        } else {
            last->next = op;
        }
        last = op;
        ++count;
    }
    void splice(OperationChain& other) {
        if (other.empty()) return;
        if (last == nullptr) {
            first = other.first;
        } else {
            last->next = other.first;
        }
        last = other.last;
        count += other.count;
        other = {};
    }
    Operation* pop() {
        Operation* op = first;
        if (op == nullptr) return nullptr;
        first = op->next;
        if (first == nullptr) last = nullptr;
        op->next = nullptr;
        --count;
        return op;
    }
};

}  // namespace sara::store_embedded
