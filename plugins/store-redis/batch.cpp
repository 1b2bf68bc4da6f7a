#include "store-redis/batch.h"

#include <algorithm>
#include <charconv>

#include "store-redis/slot.h"

namespace sara::store_redis {
namespace {

using Kind = Operation::Kind;

bool isText(const redisReply* reply) {
    return reply != nullptr && reply->type == REDIS_REPLY_STRING;
}

std::string_view bytesOf(const sara_buf& packet) {
    return {reinterpret_cast<const char*>(packet.data), packet.len};
}

}  // namespace

uint64_t placeOf(std::string_view text) {
    uint64_t place = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), place);
    return bad == std::errc{} && end == text.data() + text.size() ? place : 0;
}

void Batch::begin(Lane* lane, OperationChain calls, bool replicas) {
    lane_ = lane;
    calls_ = calls;
    kind_ = calls_.first->kind;
    step_ = 0;
    redirects = 0;
    deadline_ms = calls_.first->deadline_ms;
    wait = replicas && kind_ == Kind::kAppend;
    aim();
}

// The keys of the present step, and whether it may run twice.
void Batch::aim() {
    const std::string& user = calls_.first->user;
    second_key_.clear();
    repeatable = true;
    switch (kind_) {
        case Kind::kAppend:
        case Kind::kFetch:
        case Kind::kDrop:
            key_ = "offline_" + user + "_idx";
            second_key_ = companionOf(key_);
            repeatable = kind_ != Kind::kAppend;
            break;
        case Kind::kClaim:
            // The list of the node first, as the Go nodes do: a session is never without its entry.
            key_ = step_ == 0 ? node_id_ + "_idx" : "session_" + user;
            repeatable = step_ == 0;
            break;
        case Kind::kRelease:
        case Kind::kRenew:
            key_ = step_ == 0 ? "session_" + user : node_id_ + "_idx";
            break;
        case Kind::kLookup:
            key_ = "session_" + user;
            break;
    }
    slot = slotOf(key_);
}

void Batch::encode(std::string* out, bool whole) const {
    const Operation& op = *calls_.first;
    const auto script = [&](Script which, size_t keys, size_t arguments) {
        CommandWriter writer = beginScript(out, which, whole, keys, arguments);
        writer.arg(key_);
        if (keys == 2) writer.arg(second_key_);
        return writer;
    };
    switch (kind_) {
        case Kind::kAppend: {
            CommandWriter writer = script(Script::kAppend, 2, 2 + 4 * calls_.count);
            writer.arg(owner_.wallMs()).arg(backlog_messages_max_);
            for (const Operation* one = &op; one != nullptr; one = one->next) {
                writer.arg(one->ttl_ms).arg(one->text).arg(one->id).arg(bytesOf(*one->packet));
            }
            break;
        }
        case Kind::kFetch:
            script(Script::kFetch, 2, 4)
                .arg(op.after_seq)
                .arg(op.count)
                .arg(op.bytes_max)
                .arg(owner_.wallMs());
            break;
        case Kind::kDrop: {
            size_t n = 0;
            for (const Operation* one = &op; one != nullptr; one = one->next) n += one->seqs.size();
            CommandWriter writer = script(Script::kDrop, 2, n);
            for (const Operation* one = &op; one != nullptr; one = one->next) {
                for (const uint64_t seq : one->seqs) writer.arg(seq);
            }
            break;
        }
        case Kind::kClaim:
        case Kind::kRenew:
            if ((kind_ == Kind::kClaim) == (step_ == 0)) {
                CommandWriter(out)
                    .begin(4)
                    .arg("HSET")
                    .arg(key_)
                    .arg("session_" + op.user)
                    .arg(op.text);
            } else {
                script(kind_ == Kind::kClaim ? Script::kClaim : Script::kRenew, 1, 1).arg(op.text);
            }
            break;
        case Kind::kRelease:
            if (step_ == 0) {
                script(Script::kRelease, 1, 1).arg(op.id);
            } else {
                script(Script::kForget, 1, 2).arg("session_" + op.user).arg(op.id);
            }
            break;
        case Kind::kLookup:
            script(Script::kLookup, 1, 0);
            break;
    }
}

void Batch::answered(const redisReply& reply) {
    if (reply.type == REDIS_REPLY_ERROR) {
        const std::string_view error = textOf(reply);
        owner_.complain(calls_.first->user, error);
        const bool full = error.starts_with("OOM") || error.find("-OOM") != error.npos;
        return finish(full ? SARA_E_FULL : SARA_E_IO, nullptr);
    }
    const bool two_steps =
        kind_ == Kind::kClaim || kind_ == Kind::kRelease || kind_ == Kind::kRenew;
    // A session that is another node's by now is not renewed, and not listed here either.
    const bool theirs = kind_ == Kind::kRenew && step_ == 0 && reply.integer == 0;
    if (two_steps && step_ == 0 && !theirs) {
        step_ = 1;
        redirects = 0;
        aim();
        return owner_.batchContinues(*this);
    }
    switch (kind_) {
        case Kind::kAppend:
            return finish(readAppends(reply), &reply);
        case Kind::kFetch:
            return finish(readPage(reply), &reply);
        case Kind::kClaim:
        case Kind::kLookup:
            return finish(readPresence(reply), &reply);
        case Kind::kDrop:
        case Kind::kRelease:
        case Kind::kRenew:
            return finish(reply.type == REDIS_REPLY_INTEGER ? SARA_OK : SARA_E_IO, &reply);
    }
}

void Batch::failed(sara_status status) { finish(status, nullptr); }

void Batch::finish(sara_status status, const redisReply* reply) {
    if (reply != nullptr && status != SARA_OK && status != SARA_E_NOTFOUND) {
        owner_.complain(calls_.first->user, "an answer of another form than expected");
    }
    const bool each = status == SARA_OK && kind_ == Kind::kAppend;
    for (Operation* op = calls_.first; op != nullptr && !each; op = op->next) op->status = status;
    owner_.batchDone(*this, status == SARA_OK ? reply : nullptr);
}

sara_status Batch::readAppends(const redisReply& reply) {
    if (reply.type != REDIS_REPLY_ARRAY || reply.elements != calls_.count + kAppendTail) {
        return SARA_E_IO;
    }
    for (size_t i = calls_.count; i < reply.elements; ++i) {
        if (!isText(reply.element[i])) return SARA_E_IO;
    }
    size_t i = 0;
    for (Operation* op = calls_.first; op != nullptr; op = op->next, ++i) {
        if (!isText(reply.element[i])) return SARA_E_IO;
        const std::string_view text = textOf(*reply.element[i]);
        op->seq = placeOf(text);
        op->status = text == "F" ? SARA_E_FULL : op->seq != 0 ? SARA_OK : SARA_E_IO;
    }
    // What waited after each one: the last knows the whole, and those before it one less each.
    uint64_t waits = placeOf(textOf(*reply.element[calls_.count]));
    uint64_t kept = 0;
    for (const Operation* op = calls_.first; op != nullptr; op = op->next) {
        kept += op->status == SARA_OK ? 1 : 0;
    }
    waits -= std::min(kept, waits);
    for (Operation* op = calls_.first; op != nullptr; op = op->next) {
        op->waiting = op->status == SARA_OK ? ++waits : 0;
    }
    return SARA_OK;
}

sara_status Batch::readPage(const redisReply& reply) {
    if (reply.type != REDIS_REPLY_ARRAY || reply.elements < kPageHead ||
        (reply.elements - kPageHead) % kPageFields != 0) {
        return SARA_E_IO;
    }
    for (size_t i = 0; i < kPageHead; ++i) {
        if (reply.element[i] == nullptr || reply.element[i]->type != REDIS_REPLY_INTEGER) {
            return SARA_E_IO;
        }
    }
    uint64_t last = 0;
    for (size_t i = kPageHead; i < reply.elements; ++i) {
        if (!isText(reply.element[i])) return SARA_E_IO;
        if ((i - kPageHead) % kPageFields != 0) continue;
        const uint64_t place = placeOf(textOf(*reply.element[i]));
        if (place <= last) return SARA_E_IO;
        last = place;
    }
    return SARA_OK;
}

sara_status Batch::readPresence(const redisReply& reply) {
    if (reply.type != REDIS_REPLY_ARRAY) return SARA_E_IO;
    if (reply.elements == 0) return SARA_E_NOTFOUND;
    if (reply.elements != kPresenceFields) return SARA_E_IO;
    for (size_t i = 0; i < kPresenceFields; ++i) {
        if (!isText(reply.element[i])) return SARA_E_IO;
    }
    return SARA_OK;
}

}  // namespace sara::store_redis
