// What the writer knows by heart about one user's backlog: the places, sizes and expiries of all
// packets that wait, oldest first. Answers the limits and "is this packet there" without reading
// the database. Owned by the writer thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sara::store_embedded {

struct TailEntry {
    uint64_t seq = 0;
    uint32_t bytes = 0;      // of the value; 0: dropped
    uint32_t expires_s = 0;  // seconds since 1970, rounded up
};

class UserTail {
  public:
    // Makes this the empty tail of another user.
    void reset(std::string_view user);

    const std::string& user() const { return user_; }
    uint64_t liveCount() const { return live_count_; }
    uint64_t liveBytes() const { return live_bytes_; }
    // Entries held in memory, dropped ones included.
    size_t held() const { return entries_.size(); }
    // The highest place known, waiting or gone.
    uint64_t lastSeq() const { return entries_.empty() ? low_water_ : entries_.back().seq; }
    // Every packet up to this seq is gone.
    uint64_t lowWater() const { return low_water_; }
    void setLowWater(uint64_t seq) { low_water_ = seq; }
    // The database holds a mark (w/) for this user.
    bool marked() const { return marked_; }
    void setMarked(bool on) { marked_ = on; }
    // Packets dropped since the mark was written: how many tombstones a scan from the mark would
    // meet.
    uint32_t droppedSinceMark() const { return dropped_since_mark_; }
    void markWritten() { dropped_since_mark_ = 0; }
    // What the cache last counted for this tail.
    size_t accounted() const { return accounted_; }
    void setAccounted(size_t entries) { accounted_ = entries; }
    // Number of the batch that last changed this user's backlog.
    uint64_t batch() const { return batch_; }
    void setBatch(uint64_t batch) { batch_ = batch; }

    // seq must be above lastSeq(); bytes above 0.
    void append(uint64_t seq, uint64_t bytes, uint64_t expires_ms);
    // True when the packet was there.
    bool drop(uint64_t seq);
    // The oldest packet that waits, or nullptr.
    const TailEntry* first() const;

  private:
    void popGone();

    std::string user_;
    std::vector<TailEntry> entries_;
    size_t head_ = 0;
    size_t accounted_ = 0;
    uint64_t live_count_ = 0;
    uint64_t live_bytes_ = 0;
    uint64_t low_water_ = 0;
    uint64_t batch_ = 0;
    uint32_t dropped_since_mark_ = 0;
    bool marked_ = false;
};

}  // namespace sara::store_embedded
