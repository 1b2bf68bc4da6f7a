#include "chat/batch.h"

namespace sara::chat {

// Rows are forgotten lazily: compact() runs before something is added, never while views are out.
void Batch::compact() {
    if (live_ > 0 || rows_.empty()) return;
    rows_.clear();
    ids_.clear();
    cursor_ = 0;
}

void Batch::add(Kind kind, uint64_t seq, std::string_view id, uint64_t end_offset) {
    compact();
    rows_.push_back({seq, end_offset, static_cast<uint32_t>(ids_.size()),
                     static_cast<uint16_t>(id.size()), kind, false});
    ids_.append(id);
    ++live_;
    if (kind == Kind::kWantsAck) ++wanting_ack_;
    if (seq > last_seq_) last_seq_ = seq;
}

void Batch::take(Row& r) {
    r.taken = true;
    --live_;
    if (r.kind == Kind::kWantsAck) --wanting_ack_;
}

void Batch::takeLoginReply(std::vector<StoredRef>& out) {
    for (Row& r : rows_) {
        if (r.taken || r.kind != Kind::kLoginReply) continue;
        out.push_back({r.seq, idOf(r)});
        take(r);
    }
}

bool Batch::takeId(std::string_view id, StoredRef& out) {
    for (size_t i = 0; i < rows_.size(); ++i, ++cursor_) {
        if (cursor_ >= rows_.size()) cursor_ = 0;
        Row& r = rows_[cursor_];
        if (r.taken || idOf(r) != id) continue;
        out = {r.seq, idOf(r)};
        take(r);
        return true;
    }
    return false;
}

void Batch::takeWritten(uint64_t written, std::vector<StoredRef>& out) {
    for (Row& r : rows_) {
        if (r.taken || r.kind != Kind::kUntilWritten || r.end_offset > written) continue;
        out.push_back({r.seq, idOf(r)});
        take(r);
    }
}

}  // namespace sara::chat
