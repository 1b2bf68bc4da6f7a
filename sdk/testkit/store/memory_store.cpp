#include "testkit/store/memory_store.h"

#include <algorithm>
#include <memory>

namespace sara::testkit {
namespace {

std::string text(sara_str s) { return s.len == 0 ? std::string() : std::string(s.ptr, s.len); }
sara_str str(const std::string& s) { return {s.data(), s.size()}; }

}  // namespace

// The C functions; each computes its effect at once and leaves only the answer for later.
struct MemoryStoreTable {
    static MemoryStore& of(void* self) { return *static_cast<MemoryStore*>(self); }

    static void append(void* self, const sara_store_packet* p, sara_append_done done,
                       void* user) noexcept {
        MemoryStore& s = of(self);
        ++s.appends_;
        uint64_t seq = 0;
        const sara_status status = s.keep(*p, &seq);
        s.complete(text(p->user), [=] { done(user, status, seq); });
    }

    static void fetch(void* self, sara_str user_jid, uint64_t after_seq, uint32_t count,
                      uint64_t bytes_max, sara_fetch_done done, void* user) noexcept {
        MemoryStore& s = of(self);
        ++s.fetches_;
        sara_status status = s.closed_ ? SARA_E_CLOSED : SARA_OK;
        if (status == SARA_OK && s.failing_fetches_ > 0) {
            --s.failing_fetches_;
            status = s.fail_fetch_status_;
        }
        uint32_t more = 0;
        auto found = std::make_shared<MemoryStore::Found>();
        if (status == SARA_OK) *found = s.find(text(user_jid), after_seq, count, bytes_max, &more);
        s.complete(text(user_jid), [=] {
            std::vector<sara_stored> stored;
            for (const auto& p : *found) {
                stored.push_back({p.seq, str(p.id), str(p.from), str(p.packet)});
            }
            done(user, status, stored.empty() ? nullptr : stored.data(),
                 static_cast<uint32_t>(stored.size()), more);
        });
    }

    static void drop(void* self, sara_str user_jid, const sara_stored_ref* refs, uint32_t n,
                     sara_done done, void* user) noexcept {
        MemoryStore& s = of(self);
        ++s.drops_;
        const auto backlog = s.backlogs_.find(text(user_jid));
        for (uint32_t i = 0; !s.closed_ && i < n && backlog != s.backlogs_.end(); ++i) {
            std::erase_if(backlog->second, [&](const auto& p) { return p.seq == refs[i].seq; });
        }
        const sara_status status = s.closed_ ? SARA_E_CLOSED : SARA_OK;
        if (done == nullptr) return;
        s.complete(text(user_jid), [=] { done(user, status, nullptr); });
    }

    static void answerPresence(MemoryStore& s, const std::string& user_jid, bool found,
                               const MemoryStore::Presence& record, sara_presence_done done,
                               void* user) {
        s.complete(user_jid, [=] {
            sara_presence p{};
            p.struct_size = sizeof p;
            p.user = str(user_jid);
            p.jid = str(record.jid);
            p.sid = str(record.sid);
            p.node = str(record.node);
            p.channel = str(record.channel);
            p.since_ms = record.since_ms;
            done(user, found ? SARA_OK : SARA_E_NOTFOUND, found ? &p : nullptr);
        });
    }

    static void claim(void* self, const sara_presence* p, sara_presence_done done,
                      void* user) noexcept {
        MemoryStore& s = of(self);
        const auto [it, fresh] = s.presence_.try_emplace(text(p->user));
        const MemoryStore::Presence before = it->second;
        it->second = {text(p->jid), text(p->sid), text(p->node), text(p->channel), p->since_ms};
        answerPresence(s, text(p->user), !fresh, before, done, user);
    }

    static void release(void* self, const sara_presence* p, sara_done done, void* user) noexcept {
        MemoryStore& s = of(self);
        const auto it = s.presence_.find(text(p->user));
        if (it != s.presence_.end() && it->second.sid == text(p->sid)) s.presence_.erase(it);
        if (done == nullptr) return;
        s.complete(text(p->user), [=] { done(user, SARA_OK, nullptr); });
    }

    static void lookup(void* self, sara_str user_jid, sara_presence_done done,
                       void* user) noexcept {
        MemoryStore& s = of(self);
        const auto it = s.presence_.find(text(user_jid));
        const bool found = it != s.presence_.end();
        answerPresence(s, text(user_jid), found, found ? it->second : MemoryStore::Presence{}, done,
                       user);
    }

    static uint32_t promise(void* self) noexcept { return of(self).promise_; }
    static sara_status health(void* self) noexcept { return of(self).health_; }
};

const sara_store* MemoryStore::table() {
    using T = MemoryStoreTable;
    static const sara_store store{
        sizeof(sara_store), 0,         T::append,  T::fetch,  T::drop, T::claim,
        T::release,         T::lookup, T::promise, T::health, nullptr};
    return &store;
}

MemoryStore::MemoryStore(const sara_host* host, uint64_t backlog_messages_max)
    : host_(host),
      loop_(static_cast<const sara_loop*>(host->get_extension(host, SARA_EXT_LOOP))),
      backlog_messages_max_(backlog_messages_max) {}

MemoryStore::~MemoryStore() { close(); }

void MemoryStore::failAppends(uint64_t n, sara_status status) {
    failing_appends_ = n;
    fail_append_status_ = status;
}

void MemoryStore::failFetches(uint64_t n, sara_status status) {
    failing_fetches_ = n;
    fail_fetch_status_ = status;
}

sara_status MemoryStore::keep(const sara_store_packet& p, uint64_t* seq) {
    if (closed_) return SARA_E_CLOSED;
    if (failing_appends_ > 0) {
        --failing_appends_;
        return fail_append_status_;
    }
    auto& backlog = backlogs_[text(p.user)];
    if (backlog.size() >= backlog_messages_max_) return SARA_E_FULL;
    *seq = ++last_seq_;
    backlog.push_back({*seq, p.expires_ms, text(p.id), text(p.from),
                       std::string(reinterpret_cast<const char*>(p.packet->data), p.packet->len)});
    return SARA_OK;
}

MemoryStore::Found MemoryStore::find(std::string_view user, uint64_t after_seq, uint32_t count,
                                     uint64_t bytes_max, uint32_t* more) const {
    Found found;
    const auto backlog = backlogs_.find(user);
    if (backlog == backlogs_.end()) return found;
    const uint64_t now_ms = loop_->wall_ms(host_);
    uint64_t bytes = 0;
    for (const Packet& p : backlog->second) {
        if (p.seq <= after_seq || p.expires_ms <= now_ms) continue;
        bytes += p.packet.size();
        if (found.size() >= count || (!found.empty() && bytes > bytes_max)) {
            *more = 1;
            break;
        }
        found.push_back(p);
    }
    return found;
}

void MemoryStore::complete(std::string_view user, std::function<void()> run) {
    Completion completion{std::string(user), host_->this_loop(host_), std::move(run)};
    if (held_) {
        pending_.push_back(std::move(completion));
    } else {
        send(std::move(completion));
    }
}

void MemoryStore::send(Completion completion) {
    auto* run = new std::function<void()>(std::move(completion.run));
    const sara_status posted = loop_->post(
        host_, completion.loop,
        [](void* user) noexcept {
            const std::unique_ptr<std::function<void()>> fn(
                static_cast<std::function<void()>*>(user));
            (*fn)();
        },
        run);
    if (posted != SARA_OK) delete run;
}

void MemoryStore::release(uint64_t n) {
    if (n == UINT64_MAX) held_ = false;
    std::vector<Completion> going;
    for (; n > 0 && !pending_.empty(); --n) {
        going.push_back(std::move(pending_.front()));
        pending_.pop_front();
    }
    if (reorder_) {
        // The users in reverse; each user's own answers keep their order.
        std::stable_sort(going.begin(), going.end(),
                         [](const Completion& a, const Completion& b) { return a.user > b.user; });
    }
    for (Completion& completion : going) send(std::move(completion));
}

void MemoryStore::close() {
    closed_ = true;
    health_ = SARA_E_CLOSED;
    release();
}

uint64_t MemoryStore::waiting(std::string_view user) const {
    const auto backlog = backlogs_.find(user);
    return backlog == backlogs_.end() ? 0 : static_cast<uint64_t>(backlog->second.size());
}

}  // namespace sara::testkit
