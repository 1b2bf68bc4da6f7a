// Whatever a server answers: the reader, the slot map, redirects and the answers to each kind of
// call give errors or well-formed results, and every call completes once.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "store-redis/batch.h"
#include "store-redis/cluster_map.h"

namespace {

using namespace sara::store_redis;

struct Owner final : BatchOwner {
    void batchDone(Batch& batch, const redisReply* reply) override {
        ++done;
        const OperationChain calls = batch.take();
        const bool page = calls.first->kind == Operation::Kind::kFetch;
        if (reply == nullptr || !page) return;
        for (size_t i = kPageHead; i < reply->elements; i += kPageFields) {
            if (placeOf(textOf(*reply->element[i])) == 0) std::abort();
        }
    }
    void batchContinues(Batch&) override { ++done; }
    uint64_t wallMs() const override { return 1; }
    void complain(std::string_view, std::string_view) override {}
    int done = 0;
};

void answer(Operation::Kind kind, const redisReply& reply) {
    static const std::string node = "n01";
    Owner owner;
    Batch batch(owner, node, 10);
    Operation first, second;
    first.kind = second.kind = kind;
    first.user = second.user = "bob@demo";
    OperationChain calls;
    calls.push(&first);
    if (kind == Operation::Kind::kAppend) calls.push(&second);
    batch.begin(nullptr, calls, false);
    batch.answered(reply);
    if (owner.done != 1) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ReplyReader reader;
    if (!reader.feed(reinterpret_cast<const char*>(data), size)) return 0;
    for (int i = 0; i < 64; ++i) {
        bool ok = true;
        const Reply reply = reader.next(&ok);
        if (!ok || reply == nullptr) return 0;
        if (const auto map = parseSlots(*reply, "asked")) {
            for (const uint16_t owner : map->owner) {
                if (owner != kNobody && owner >= map->nodes.size()) std::abort();
            }
        }
        if (const auto to = parseRedirect(textOf(*reply), "asked")) {
            if (to->slot >= kSlots || to->to.port == 0) std::abort();
        }
        for (const auto kind :
             {Operation::Kind::kAppend, Operation::Kind::kFetch, Operation::Kind::kDrop,
              Operation::Kind::kClaim, Operation::Kind::kLookup, Operation::Kind::kRenew}) {
            answer(kind, *reply);
        }
    }
    return 0;
}
