// The plugin: a filter on packet.route that lets blocked messages vanish, and the commands
// emsg_black_list.append, remove and fetch. Decides who may change a list: whoever has the access
// token, or its owner with his login password.
#include <memory>
#include <random>
#include <sara/plugin.hpp>
#include <thread>

#include "block_book.h"
#include "block_table.h"
#include "manifest.h"
#include "params.h"

namespace sara::blacklist {

namespace {

constexpr int kPublishTries = 2000;  // one millisecond apart

// One command under way.
struct Job {
    Job(CommandReply r, Params p) : reply(std::move(r)), params(std::move(p)) {}
    CommandReply reply;
    Params params;
    Result<void> outcome;
};
using JobPtr = std::shared_ptr<Job>;

// Words of ours: no character of them needs an escape.
std::string reason(std::string_view word) { return "{\"reason\":\"" + std::string(word) + "\"}"; }

void refuse(CommandReply& reply, Status st, std::string_view word) {
    (void)reply.fail(st, reason(word));
}

}  // namespace

class Blacklist : public Plugin {
  public:
    Result<void> init() override {
        BookLimits limits;
        limits.blocked_per_user_max =
            static_cast<size_t>(config().integer("blocked_per_user_max", 1000));
        limits.blocking_users_max =
            static_cast<size_t>(config().integer("blocking_users_max", 100'000));
        users_max_ = limits.blocking_users_max;
        enable_auth_ = config().flag("enable_auth", false);
        auth_ = services().find<sara_auth>(SARA_SVC_AUTH);
        dropped_ = metrics().counter("blacklist_dropped_total", "messages of blocked senders");
        failed_ = metrics().counter("blacklist_write_failures_total", "changes that were not kept");
        refused_ =
            metrics().counter("blacklist_refused_total", "changes refused: password, or a limit");
        const std::string path =
            std::string(config().text("datadir", "/var/lib/sara")) + "/blacklist.log";
        book_ = std::make_unique<BlockBook>(path, limits);
        const auto loaded = book_->load();
        if (!loaded) return loaded.error();
        if (loaded->damaged > 0) {
            log().error(path, ": ", loaded->damaged,
                        " damaged lines were left out; the file is "
                        "kept as ",
                        path, ".damaged");
        }
        const uint64_t seed = (uint64_t{std::random_device{}()} << 32) | std::random_device{}();
        for (uint32_t i = 0; i < host().loopCount(); ++i) {
            tables_.push_back(std::make_unique<BlockTable>(seed));
        }
        if (Status st = addCommands(); !ok(st)) return st;
        return hooks().onPacketRoute([this](PacketEvent& e) { return decide(e); },
                                     FilterOptions().withPriority(950));
    }

    Result<void> loopStart(uint32_t loop) override {
        BlockTable& table = *tables_[loop];
        size_t owners = 0;
        book_->each([&](const BlockListPtr& list) {
            table.set(list);
            ++owners;
        });
        // Grown once and for all where it matters; an idle feature costs nothing.
        if (owners > 0) table.reserve(users_max_);
        return {};
    }

  private:
    // A block must not show: the sender gets his ack as if his message had been read.
    Verdict decide(const PacketEvent& e) {
        const BlockTable& table = *tables_[e.loop()];
        if (table.empty()) return Verdict::kPass;
        const std::string_view from = bareOf(e.from()), to = bareOf(e.to());
        if (from == to || !table.blocks(to, from)) return Verdict::kPass;
        dropped_.add();
        return Verdict::kDone;
    }

    Status addCommands() {
        constexpr const char* kService = "emsg_black_list";
        const auto change = [this](bool add) {
            return [this, add](std::string_view params, CommandReply reply) {
                whenAllowed(params, std::move(reply), true,
                            [this, add](const JobPtr& job) { write(job, add); });
            };
        };
        Status st = commands().addSelfChecked(
            kService, "append", "a user blocks another: params from, to (the owner), pwd",
            change(true));
        if (!ok(st)) return st;
        st = commands().addSelfChecked(kService, "remove",
                                       "a user unblocks another: params from, to (the owner), pwd",
                                       change(false));
        if (!ok(st)) return st;
        return commands().addSelfChecked(kService, "fetch",
                                         "whom a user blocks: params to (the owner), pwd",
                                         [this](std::string_view params, CommandReply reply) {
                                             whenAllowed(params, std::move(reply), false,
                                                         [this](const JobPtr& job) { show(job); });
                                         });
    }

    // [loop] Goes on with next(job) when the caller may, or answers why not.
    template <class Next>
    void whenAllowed(std::string_view json, CommandReply reply, bool wants_from, Next next) {
        auto params = Params::read(json, wants_from);
        if (!params) return refuse(reply, params.status(), params.text());
        const bool trusted = reply.trusted();
        const auto job = std::make_shared<Job>(std::move(reply), std::move(*params));
        if (trusted) return next(job);
        if (!enable_auth_ || job->params.password.empty()) {
            refused_.add();
            return refuse(job->reply, Status::kDenied, "no_permission");
        }
        if (!auth_) return refuse(job->reply, Status::kUnsupported, "no_auth_service");
        const auto jid = Jid::parse(job->params.to);
        sara_auth_request request{};
        request.struct_size = sizeof request;
        request.user = str(jid->user);
        request.domain = str(jid->domain);
        request.jid = str(job->params.to);
        request.password = str(job->params.password);
        request.transport = str("rpc");
        const DoneCall done = onDone(host(), [this, job, next](Status st, std::string_view) {
            job->params.password.clear();
            if (ok(st)) return next(job);
            refused_.add();
            if (st == Status::kDenied) return refuse(job->reply, st, "no_permission");
            refuse(job->reply, st, "auth_failed");
        });
        auth_.api()->check(auth_.self(), &request, done.fn, done.user);
    }

    // [loop]
    void write(const JobPtr& job, bool add) {
        const Status st = loop().work(
            [this, job, add] {
                const BlockChange change{add, job->params.owner, job->params.blocked};
                job->outcome = book_->change(change, [this](BlockListPtr l) { return publish(l); });
            },
            [this, job] {
                if (job->outcome.ok()) {
                    (void)job->reply.done();
                    return;
                }
                tellFailure(*job);
            });
        if (!ok(st)) refuse(job->reply, st, "busy");
    }

    void tellFailure(Job& job) {
        const Status st = job.outcome.status();
        if (st != Status::kIo) {  // a limit, in a word
            refused_.add();
            return refuse(job.reply, st, job.outcome.text());
        }
        failed_.add();
        log().error(job.outcome.text());
        refuse(job.reply, st, "not_stored");
    }

    // [worker] Every loop gets the list; a full mailbox is waited for, because the change is
    // already durable.
    bool publish(const BlockListPtr& list) {
        for (uint32_t i = 0; i < host().loopCount(); ++i) {
            Status st = Status::kAgain;
            for (int tries = 0; tries < kPublishTries && st == Status::kAgain; ++tries) {
                if (tries > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                st = loop().post(i, [this, i, list] { tables_[i]->set(list); });
            }
            if (st != Status::kOk && st != Status::kClosed) return false;
        }
        return true;
    }

    // [loop] From the table of this loop: a change is there before its caller hears of it.
    void show(const JobPtr& job) {
        const BlockList* list = tables_[host().thisLoop()]->find(job->params.owner);
        std::string json = "[";
        for (const std::string& jid :
             list == nullptr ? std::vector<std::string>() : list->blocked) {
            json += json.size() == 1 ? "{\"jid\":\"" : ",{\"jid\":\"";
            for (const char c : jid) {
                if (c == '"' || c == '\\') json += '\\';
                json += c;
            }
            json += "\"}";
        }
        (void)job->reply.answer(json + "]");
    }

    size_t users_max_ = 0;
    bool enable_auth_ = false;
    Service<sara_auth> auth_;
    Counter dropped_, failed_, refused_;
    std::unique_ptr<BlockBook> book_;
    std::vector<std::unique_ptr<BlockTable>> tables_;  // by loop
};

}  // namespace sara::blacklist

using sara::blacklist::Blacklist;
SARA_PLUGIN(Blacklist)
