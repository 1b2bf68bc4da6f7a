// One call of the store on its way, and a chain of them. Owned by the Desk of the loop that asked.
#pragma once
#include <sara/sara.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sara::store_redis {

struct Operation {
    enum class Kind : uint8_t { kAppend, kFetch, kDrop, kClaim, kRelease, kLookup, kRenew };

    Kind kind = Kind::kAppend;
    union {
        sara_append_done append;
        sara_fetch_done fetch;
        sara_done plain;  // drop, release
        sara_presence_done presence;
    } done{};
    void* user_data = nullptr;
    uint64_t deadline_ms = 0;
    std::string user;
    std::string id;              // append: of the packet; claim, release: sid
    std::string text;            // append: "<expires>:<n>:<from>"; claim, renew: the record
    sara_buf* packet = nullptr;  // one reference
    uint64_t ttl_ms = 0;
    uint64_t after_seq = 0;
    uint64_t bytes_max = 0;
    uint32_t count = 0;
    std::vector<uint64_t> seqs;  // to drop
    sara_status status = SARA_OK;
    uint64_t seq = 0;
    uint64_t waiting = 0;  // append: packets of this user, this one included
    Operation* next = nullptr;

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
        (last == nullptr ? first : last->next) = op;
        last = op;
        ++count;
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

}  // namespace sara::store_redis
