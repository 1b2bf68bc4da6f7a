#include "bus/store_bus.h"

#include <cassert>

#include "bus/abi_text.h"

namespace sara::bus {

// Who waits for a completion. One of the two functions is set.
struct StoreBus::Call {
    PerLoop* home = nullptr;
    AppendDone append_done = nullptr;
    FetchDone fetch_done = nullptr;
    void* user = nullptr;
    Call* next = nullptr;  // free list
};

struct StoreBus::PerLoop {
    static constexpr size_t kChunkCalls = 256;
    std::vector<std::unique_ptr<Call[]>> chunks;
    Call* free = nullptr;
    std::vector<chat::StoredView> views;
    std::vector<sara_stored_ref> refs;
};

StoreBus::StoreBus(loop::LoopSet& loops, const sara_service* store) : store_(store) {
    for (uint32_t i = 0; i < loops.size(); ++i) per_loop_.push_back(std::make_unique<PerLoop>());
}

StoreBus::~StoreBus() = default;

StoreBus::Call& StoreBus::claim() {
    PerLoop& here = *per_loop_[loop::EventLoop::current()->index()];
    if (here.free == nullptr) {
        here.chunks.push_back(std::make_unique<Call[]>(PerLoop::kChunkCalls));
        for (size_t i = 0; i < PerLoop::kChunkCalls; ++i) {
            Call& call = here.chunks.back()[i];
            call.home = &here;
            call.next = here.free;
            here.free = &call;
        }
    }
    Call& call = *here.free;
    here.free = call.next;
    call.append_done = nullptr;
    call.fetch_done = nullptr;
    return call;
}

void StoreBus::release(Call& call) {
    call.next = call.home->free;
    call.home->free = &call;
}

// No provider: the answer must still come, and not inside the call.
void StoreBus::refuseLater(Call& call) {
    [[maybe_unused]] const bool posted = loop::EventLoop::current()->post(
        {onRefused, this, reinterpret_cast<uint64_t>(&call), 0}, loop::PostClass::kReply);
    assert(posted);
}

void StoreBus::onRefused(void*, uint64_t call, uint64_t) noexcept {
    auto& refused = *reinterpret_cast<Call*>(call);
    if (refused.append_done != nullptr) {
        onAppended(&refused, SARA_E_UNSUPPORTED, 0);
    } else {
        onFetched(&refused, SARA_E_UNSUPPORTED, nullptr, 0, 0);
    }
}

void StoreBus::append(const chat::Packet& packet, uint64_t expires_ms, AppendDone done,
                      void* user) {
    Call& call = claim();
    call.append_done = done;
    call.user = user;
    const auto* api = static_cast<const sara_store*>(store_->api);
    if (api == nullptr) {
        refuseLater(call);
        return;
    }
    const sara_store_packet p{sizeof p, packet.facts().type, str(packet.toBare()), str(packet.id()),
                              str(packet.fromBare()), packet.facts().ct_ms, expires_ms,
                              // The head of a loop::Buffer is the public sara_buf (buffers_table).
                              reinterpret_cast<sara_buf*>(packet.buffer())};
    api->append(store_->self, &p, onAppended, &call);
}

void StoreBus::onAppended(void* call, sara_status st, uint64_t seq) noexcept {
    auto& done = *static_cast<Call*>(call);
    const AppendDone fn = done.append_done;
    void* user = done.user;
    release(done);
    fn(user, toStatus(st), seq);
}

void StoreBus::fetch(std::string_view user_jid, uint64_t after_seq, uint32_t count,
                     uint64_t bytes_max, FetchDone done, void* user) {
    Call& call = claim();
    call.fetch_done = done;
    call.user = user;
    const auto* api = static_cast<const sara_store*>(store_->api);
    if (api == nullptr) {
        refuseLater(call);
        return;
    }
    api->fetch(store_->self, str(user_jid), after_seq, count, bytes_max, onFetched, &call);
}

void StoreBus::onFetched(void* call, sara_status st, const sara_stored* packets, uint32_t n,
                         uint32_t more) noexcept {
    auto& done = *static_cast<Call*>(call);
    const FetchDone fn = done.fetch_done;
    void* user = done.user;
    std::vector<chat::StoredView>& views = done.home->views;
    views.clear();
    for (uint32_t i = 0; i < n; ++i) {
        const sara_stored& p = packets[i];
        views.push_back({p.seq, view(p.id), view(p.from), view(p.packet)});
    }
    release(done);
    fn(user, toStatus(st), views, more != 0);
}

void StoreBus::drop(std::string_view user_jid, std::span<const chat::StoredRef> refs) {
    const auto* api = static_cast<const sara_store*>(store_->api);
    if (api == nullptr) return;
    std::vector<sara_stored_ref>& out = per_loop_[loop::EventLoop::current()->index()]->refs;
    out.clear();
    for (const chat::StoredRef& ref : refs) out.push_back({ref.seq, str(ref.id)});
    // Nobody waits: what a failed drop leaves comes once more at the next login.
    api->drop(store_->self, str(user_jid), out.data(), static_cast<uint32_t>(out.size()), nullptr,
              nullptr);
}

uint64_t StoreBus::waiting() const {
    const auto* api = static_cast<const sara_store*>(store_->api);
    return api != nullptr && SARA_HAS_FN(sara_store, api, waiting) ? api->waiting(store_->self) : 0;
}

}  // namespace sara::bus
