#include "testkit/store/store_client.h"

namespace sara::testkit {

// Lives from the call to the end of the program when it completes twice, so that the second one is
// counted.
struct StoreClient::Call {
    std::shared_ptr<StoreAnswer> answer = std::make_shared<StoreAnswer>();
    std::shared_ptr<uint64_t> places;
    const sara_host* host = nullptr;
    bool inside = true;

    void complete(sara_status status) {
        ++answer->completions;
        answer->status = status;
        answer->inside_call |= inside;
        answer->loop = host->this_loop(host);
        answer->place = ++*places;
    }
};

namespace {
// Calls are kept for the program's life: a store that completes twice must hit living memory.
std::vector<std::unique_ptr<void, void (*)(void*)>>& keeper() {
    static std::vector<std::unique_ptr<void, void (*)(void*)>> all;
    return all;
}
}  // namespace

StoreClient::Call* StoreClient::begin() {
    auto* call = new Call;
    call->places = places_;
    call->host = host_.table();
    keeper().emplace_back(call, [](void* p) { delete static_cast<Call*>(p); });
    return call;
}

StoreClient::Answer StoreClient::startAppend(std::string_view user, std::string_view id,
                                             std::string_view packet,
                                             const AppendOptions& options) {
    Call* call = begin();
    // Everything that is borrowed is destroyed right after the call.
    const auto user_copy = std::make_unique<std::string>(user);
    const auto id_copy = std::make_unique<std::string>(id);
    const auto from_copy = std::make_unique<std::string>(options.from);
    sara_buf* buf = host_.buffer(packet);
    sara_store_packet p{};
    p.struct_size = sizeof p;
    p.type = 1;
    p.user = toStr(*user_copy);
    p.id = toStr(*id_copy);
    p.from = toStr(*from_copy);
    p.expires_ms = options.expires_ms;
    p.packet = buf;
    api_->append(
        self_, &p,
        [](void* u, sara_status st, uint64_t seq) noexcept {
            auto* c = static_cast<Call*>(u);
            c->answer->seq = seq;
            c->complete(st);
        },
        call);
    call->inside = false;
    user_copy->assign(user_copy->size(), '#');
    id_copy->assign(id_copy->size(), '#');
    from_copy->assign(from_copy->size(), '#');
    host_.unref(buf);
    return call->answer;
}

StoreClient::Answer StoreClient::startFetch(std::string_view user, uint64_t after_seq,
                                            uint32_t count, uint64_t bytes_max) {
    Call* call = begin();
    std::string user_copy(user);
    api_->fetch(
        self_, toStr(user_copy), after_seq, count, bytes_max,
        [](void* u, sara_status st, const sara_stored* packets, uint32_t n,
           uint32_t more) noexcept {
            auto* c = static_cast<Call*>(u);
            for (uint32_t i = 0; i < n; ++i) {
                c->answer->packets.push_back({packets[i].seq, std::string(toView(packets[i].id)),
                                              std::string(toView(packets[i].from)),
                                              std::string(toView(packets[i].packet))});
            }
            c->answer->more = more;
            c->complete(st);
        },
        call);
    call->inside = false;
    user_copy.assign(user_copy.size(), '#');
    return call->answer;
}

StoreClient::Answer StoreClient::startDrop(std::string_view user,
                                           const std::vector<uint64_t>& seqs) {
    Call* call = begin();
    std::vector<sara_stored_ref> refs;
    for (const uint64_t seq : seqs) refs.push_back({seq, toStr("any")});
    std::string user_copy(user);
    api_->drop(
        self_, toStr(user_copy), refs.data(), static_cast<uint32_t>(refs.size()),
        [](void* u, sara_status st, sara_buf*) noexcept { static_cast<Call*>(u)->complete(st); },
        call);
    call->inside = false;
    user_copy.assign(user_copy.size(), '#');
    refs.assign(refs.size(), {});
    return call->answer;
}

void StoreClient::dropSilently(std::string_view user, const std::vector<uint64_t>& seqs) {
    std::vector<sara_stored_ref> refs;
    for (const uint64_t seq : seqs) refs.push_back({seq, toStr("any")});
    api_->drop(self_, toStr(user), refs.data(), static_cast<uint32_t>(refs.size()), nullptr,
               nullptr);
}

bool StoreClient::wait(const std::vector<Answer>& answers) {
    return host_.runUntil(
        [&] {
            for (const Answer& answer : answers) {
                if (answer->completions == 0) return false;
            }
            return true;
        },
        std::chrono::seconds(20));
}

StoreAnswer StoreClient::waitFor(const Answer& answer) {
    wait({answer});
    return *answer;
}

StoreAnswer StoreClient::append(std::string_view user, std::string_view id, std::string_view packet,
                                const AppendOptions& options) {
    Answer answer;
    host_.loop(options.loop).run([&] { answer = startAppend(user, id, packet, options); });
    return waitFor(answer);
}

StoreAnswer StoreClient::fetch(std::string_view user, uint64_t after_seq, uint32_t count,
                               uint64_t bytes_max, uint32_t loop) {
    Answer answer;
    host_.loop(loop).run([&] { answer = startFetch(user, after_seq, count, bytes_max); });
    return waitFor(answer);
}

StoreAnswer StoreClient::drop(std::string_view user, const std::vector<uint64_t>& seqs,
                              uint32_t loop) {
    Answer answer;
    host_.loop(loop).run([&] { answer = startDrop(user, seqs); });
    return waitFor(answer);
}

std::vector<StoredPacket> StoreClient::fetchAll(std::string_view user, uint32_t page) {
    std::vector<StoredPacket> all;
    for (int i = 0; i < 100'000; ++i) {
        const StoreAnswer answer = fetch(user, all.empty() ? 0 : all.back().seq, page);
        if (answer.status != SARA_OK) break;
        all.insert(all.end(), answer.packets.begin(), answer.packets.end());
        if (answer.more == 0) break;
    }
    return all;
}

}  // namespace sara::testkit
