#include "chat/batch.h"

#include <functional>

namespace sara::chat {
namespace {

constexpr size_t kScanMax = 64;      // rows that are looked at before the index is asked
constexpr size_t kCompactMin = 256;  // rows below which taken ones may stay

}  // namespace

// Taken rows are forgotten lazily, before something is added and never while views are out.
void Batch::compact() {
    if (live_ > 0 && (rows_.size() < kCompactMin || live_ > rows_.size() / 2)) return;
    std::vector<Row> rows;
    std::string ids;
    for (Row r : rows_) {
        if (r.taken) continue;
        const std::string_view id = idOf(r);
        r.id_at = static_cast<uint32_t>(ids.size());
        ids.append(id);
        rows.push_back(r);
    }
    rows_.swap(rows);
    ids_.swap(ids);
    index_.clear();
    cursor_ = 0;
    first_until_written_ = 0;
}

void Batch::add(Kind kind, uint64_t seq, std::string_view id, uint64_t end_offset) {
    if (live_ != rows_.size()) compact();
    const auto row = static_cast<uint32_t>(rows_.size());
    rows_.push_back({seq, end_offset, static_cast<uint32_t>(ids_.size()),
                     static_cast<uint16_t>(id.size()), kind, false});
    ids_.append(id);
    if (!index_.empty()) index_.emplace(std::hash<std::string_view>()(id), row);
    ++live_;
    if (kind == Kind::kWantsAck) ++wanting_ack_;
    if (kind == Kind::kUntilWritten && until_written_++ == 0) first_until_written_ = row;
}

void Batch::take(Row& r, StoredRef& out) {
    out = {r.seq, idOf(r)};
    r.taken = true;
    --live_;
    if (r.kind == Kind::kWantsAck) --wanting_ack_;
    if (r.kind == Kind::kUntilWritten) --until_written_;
}

void Batch::takeLoginReply(std::vector<StoredRef>& out) {
    for (Row& r : rows_) {
        if (r.taken || r.kind != Kind::kLoginReply) continue;
        take(r, out.emplace_back());
    }
}

void Batch::buildIndex() {
    index_.reserve(rows_.size());
    for (uint32_t i = 0; i < rows_.size(); ++i) {
        if (!rows_[i].taken) index_.emplace(std::hash<std::string_view>()(idOf(rows_[i])), i);
    }
}

// The oldest with this id: two senders may have used one.
Batch::Row* Batch::indexed(std::string_view id) {
    if (index_.empty()) buildIndex();
    const auto [begin, end] = index_.equal_range(std::hash<std::string_view>()(id));
    Row* oldest = nullptr;
    for (auto at = begin; at != end; ++at) {
        Row& r = rows_[at->second];
        if (!r.taken && idOf(r) == id && (oldest == nullptr || &r < oldest)) oldest = &r;
    }
    return oldest;
}

bool Batch::takeId(std::string_view id, StoredRef& out) {
    if (live_ == 0) return false;
    for (size_t i = 0; i < rows_.size() && i < kScanMax; ++i, ++cursor_) {
        if (cursor_ >= rows_.size()) cursor_ = 0;
        Row& r = rows_[cursor_];
        if (r.taken || idOf(r) != id) continue;
        take(r, out);
        return true;
    }
    if (rows_.size() <= kScanMax) return false;
    Row* found = indexed(id);
    if (found == nullptr) return false;
    cursor_ = static_cast<size_t>(found - rows_.data());
    take(*found, out);
    return true;
}

void Batch::takeWritten(uint64_t written, std::vector<StoredRef>& out) {
    if (until_written_ == 0) return;
    for (size_t i = first_until_written_; i < rows_.size(); ++i) {
        Row& r = rows_[i];
        const bool waits = !r.taken && r.kind == Kind::kUntilWritten;
        if (waits && r.end_offset <= written) take(r, out.emplace_back());
        if (i == first_until_written_ && (r.taken || !waits)) ++first_until_written_;
    }
}

bool Batch::holdsUnwritten(uint64_t seq) const {
    if (until_written_ == 0) return false;
    for (size_t i = first_until_written_; i < rows_.size(); ++i) {
        const Row& r = rows_[i];
        if (!r.taken && r.kind == Kind::kUntilWritten && r.seq == seq) return true;
    }
    return false;
}

}  // namespace sara::chat
