// A store in memory. Decides that calls of one loop take effect in their order when they complete,
// and lets a test hold completions, fail calls and fill backlogs.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chat/ports.h"
#include "loop/event_loop.h"

namespace sara::chat::test {

struct StoredPacket {
    uint64_t seq;
    std::string id;
    std::string from;
    std::string text;
    uint64_t expires_ms;
};

class FakeStore final : public StorePort {
  public:
    // Settings of the next calls.
    Status append_status = Status::kOk;
    Status fetch_status = Status::kOk;
    size_t fail_next = 0;           // so many appends fail with kIo before append_status counts
    bool hold = false;              // completions wait for release()
    size_t backlog_max = SIZE_MAX;  // per user; above it kFull

    std::vector<StoredPacket>& of(const std::string& user) { return users_[user]; }
    // Ids in order.
    std::vector<std::string> idsOf(const std::string& user) {
        std::vector<std::string> ids;
        for (const StoredPacket& p : of(user)) ids.push_back(p.id);
        return ids;
    }
    void put(const std::string& user, std::string id, std::string text) {
        of(user).push_back({++seq_, std::move(id), "old@t.com", std::move(text), UINT64_MAX});
    }
    size_t waiting() const { return waiting_.size(); }
    // Completes the oldest n calls that wait; turn the loops to see it.
    void release(size_t n = SIZE_MAX) {
        for (; n > 0 && !waiting_.empty(); --n) {
            std::unique_ptr<Op> op = std::move(waiting_.front());
            waiting_.pop_front();
            submit(std::move(op));
        }
    }
    uint64_t activity() const { return activity_; }
    uint64_t appends() const { return appends_; }
    uint64_t fetches() const { return fetches_; }

    void append(const Packet& packet, uint64_t expires_ms, AppendDone done, void* user) override {
        ++appends_;
        auto op = newOp(std::string(packet.toBare()));
        const Status status = fail_next > 0 ? Status::kIo : append_status;
        fail_next -= fail_next > 0 ? 1 : 0;
        op->act = [this, done, user, st = status, to = op->user,
                   stored =
                       StoredPacket{0, std::string(packet.id()), std::string(packet.fromBare()),
                                    std::string(packet.text()), expires_ms}]() mutable {
            std::vector<StoredPacket>& backlog = of(to);
            if (st == Status::kOk && backlog.size() >= backlog_max) st = Status::kFull;
            if (st == Status::kOk) {
                stored.seq = ++seq_;
                backlog.push_back(stored);
            }
            done(user, st, st == Status::kOk ? stored.seq : 0);
        };
        enqueue(std::move(op));
    }

    void fetch(std::string_view user_jid, uint64_t after_seq, uint32_t count, uint64_t bytes_max,
               FetchDone done, void* user) override {
        ++fetches_;
        auto op = newOp(std::string(user_jid));
        op->act = [this, done, user, st = fetch_status, to = op->user, after_seq, count,
                   bytes_max] {
            if (st != Status::kOk) {
                done(user, st, {}, false);
                return;
            }
            const std::vector<StoredPacket> copy = of(to);  // the caller may change the backlog
            std::vector<StoredView> views;
            uint64_t bytes = 0;
            bool more = false;
            for (const StoredPacket& p : copy) {
                if (p.seq <= after_seq) continue;
                if (views.size() == count ||
                    (!views.empty() && bytes + p.text.size() > bytes_max)) {
                    more = true;
                    break;
                }
                bytes += p.text.size();
                views.push_back({p.seq, p.id, p.from, p.text});
            }
            done(user, Status::kOk, views, more);
        };
        enqueue(std::move(op));
    }

    void drop(std::string_view user_jid, std::span<const StoredRef> refs) override {
        auto op = newOp(std::string(user_jid));
        std::vector<uint64_t> seqs;
        for (const StoredRef& ref : refs) seqs.push_back(ref.seq);
        op->act = [this, to = op->user, seqs = std::move(seqs)] {
            std::erase_if(of(to), [&](const StoredPacket& p) {
                return std::find(seqs.begin(), seqs.end(), p.seq) != seqs.end();
            });
        };
        enqueue(std::move(op));
    }

  private:
    struct Op {
        loop::EventLoop* loop;
        std::string user;
        std::function<void()> act;
    };
    std::unique_ptr<Op> newOp(std::string user) {
        ++activity_;
        auto op = std::make_unique<Op>();
        op->loop = loop::EventLoop::current();
        op->user = std::move(user);
        return op;
    }
    void enqueue(std::unique_ptr<Op> op) {
        // Behind those that wait, or the order of the calls would be lost.
        if (hold || !waiting_.empty()) {
            waiting_.push_back(std::move(op));
        } else {
            submit(std::move(op));
        }
    }
    // Posts of a loop to itself may overtake those from outside: each post completes the oldest
    // call of its loop, whichever it was made for.
    void submit(std::unique_ptr<Op> op) {
        loop::EventLoop& loop = *op->loop;
        const uint32_t index = loop.index();
        if (ready_.size() <= index) ready_.resize(index + 1);
        ready_[index].push_back(std::move(op));
        (void)loop.post({run, this, index, 0}, loop::PostClass::kReply);
    }
    static void run(void* self, uint64_t loop, uint64_t) noexcept {
        auto& store = *static_cast<FakeStore*>(self);
        const std::unique_ptr<Op> op = std::move(store.ready_[loop].front());
        store.ready_[loop].pop_front();
        ++store.activity_;
        op->act();
    }

    std::map<std::string, std::vector<StoredPacket>> users_;
    std::deque<std::unique_ptr<Op>> waiting_;
    std::vector<std::deque<std::unique_ptr<Op>>> ready_;  // by loop
    uint64_t seq_ = 0;
    uint64_t activity_ = 0;
    uint64_t appends_ = 0;
    uint64_t fetches_ = 0;
};

}  // namespace sara::chat::test
