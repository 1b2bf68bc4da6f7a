#include "store-embedded/database.h"

#include <algorithm>
#include <cstdarg>
#include <filesystem>

#include "store-embedded/damage.h"
#include "store-embedded/record.h"

namespace sara::store_embedded {
namespace {

// Sequence numbers claimed with one write of the bound.
constexpr uint64_t kSeqStep = uint64_t{1} << 24;
// Milliseconds since 1970 at the start, shifted: a second guard against reuse, should the bound be
// lost.
constexpr int kClockShift = 20;
constexpr int kFilterBitsPerKey = 10;
constexpr uint64_t kLogAgainMs = 60'000;

// LevelDB's own diary grows without a bound and says nothing that an operator needs.
class NoDiary : public leveldb::Logger {
  public:
    void Logv(const char*, std::va_list) override {}
};

}  // namespace

sara_status toStatus(const leveldb::Status& status) {
    if (status.ok()) return SARA_OK;
    if (status.IsCorruption()) return SARA_E_CORRUPT;
    // LevelDB keeps no errno; the text is strerror's in the C locale.
    const std::string text = status.ToString();
    if (text.find("No space left") != std::string::npos ||
        text.find("quota exceeded") != std::string::npos) {
        return SARA_E_FULL;
    }
    return SARA_E_IO;
}

Database::Database(const HostFace& host, const Settings& settings, leveldb::Env* env)
    : host_(host),
      settings_(settings),
      env_(env),
      folder_(settings.datadir + "/queue"),
      filter_(leveldb::NewBloomFilterPolicy(kFilterBitsPerKey)),
      cache_(leveldb::NewLRUCache(settings.cache_bytes)),
      diary_(std::make_unique<NoDiary>()) {}

leveldb::Options Database::options() const {
    leveldb::Options o;
    o.env = env_;
    o.create_if_missing = true;
    // A damaged log or table is an error that we hear of, not a silent loss.
    o.paranoid_checks = true;
    o.write_buffer_size = settings_.write_buffer_bytes;
    o.max_open_files = settings_.open_files_max;
    o.filter_policy = filter_.get();
    o.block_cache = cache_.get();
    o.info_log = diary_.get();
    return o;
}

std::string Database::sentence(const leveldb::Status& status) const {
    return "datadir " + settings_.datadir + " cannot be used: " + status.ToString();
}

std::string Database::open() {
    if (std::string error = openOrRepair(); !error.empty()) return error;
    state_ = SARA_OK;
    return {};
}

leveldb::Status Database::openOnce() {
    leveldb::DB* db = nullptr;
    const leveldb::Status status = leveldb::DB::Open(options(), folder_, &db);
    db_.reset(db);
    return status;
}

std::string Database::openOrRepair() {
    bool repaired = false;
    leveldb::Status status;
    if (damaged_ || lostItsHead(folder_)) {
        status = leveldb::Status::Corruption(folder_, "files are missing or damaged");
    } else {
        status = openOnce();
        if (status.ok()) status = claimSequence(false);
    }
    // InvalidArgument: the current state names files or an order of keys that make no sense.
    if (status.IsCorruption() || status.IsInvalidArgument()) {
        db_.reset();
        host_.add(Metric::kCorrupt, 1);
        host_.log(SARA_LOG_ERROR, "store: database is damaged: " + status.ToString());
        std::string copy;
        std::string error = repairDatabase(folder_, options(), &copy);
        if (!error.empty()) return error;
        host_.log(SARA_LOG_ERROR,
                  "store: database was repaired; what could be read was kept, the "
                  "damaged files are in " +
                      copy);
        repaired = true;
        damaged_ = false;
        status = openOnce();
        if (status.ok()) status = claimSequence(true);
    }
    if (status.ok()) return {};
    db_.reset();
    if (!other_layout_.empty()) return other_layout_;
    return repaired ? sentence(status) + " (after a repair)" : sentence(status);
}

leveldb::Status Database::claimSequence(bool scan) {
    uint64_t schema = kSchema;
    uint64_t bound = 0;
    std::string value;
    leveldb::Status status =
        db_->Get({}, leveldb::Slice(kSchemaKey.data(), kSchemaKey.size()), &value);
    if (status.ok() && !decodeNumber(kSchemaKey, value, &schema)) {
        // Layout 1 had other checksums: to take it for damage would delete every record.
        if (peekNumber(value) == 1) schema = 1;
        scan = true;
    }
    if (!status.ok() && !status.IsNotFound()) return status;
    if (schema != kSchema) {
        other_layout_ = "datadir " + settings_.datadir + " was written by " +
                        (schema < kSchema ? "a sara before 1.0" : "a newer sara") + " (layout " +
                        std::to_string(schema) + ", expected " + std::to_string(kSchema) + ")";
        return leveldb::Status::NotSupported(other_layout_);
    }
    status = db_->Get({}, leveldb::Slice(kSeqKey.data(), kSeqKey.size()), &value);
    if (!status.ok() && !status.IsNotFound()) return status;
    if (status.IsNotFound() || !decodeNumber(kSeqKey, value, &bound)) scan = true;
    uint64_t highest = 0;
    if (scan) {
        status = rebuild(&highest);
        if (!status.ok()) return status;
    }
    last_seq_ = std::max({last_seq_, bound, highest, host_.wallMs() << kClockShift});
    seq_bound_ = 0;
    leveldb::WriteBatch batch;
    encodeNumber(kSchemaKey, kSchema, &value);
    batch.Put(leveldb::Slice(kSchemaKey.data(), kSchemaKey.size()), value);
    stageSeqBound(&batch);
    leveldb::WriteOptions sync;
    sync.sync = true;
    status = db_->Write(sync, &batch);
    if (status.ok()) seq_bound_ = seq_bound_staged_;
    return status;
}

leveldb::Status Database::rebuild(uint64_t* highest) {
    leveldb::ReadOptions read;
    read.verify_checksums = true;
    read.fill_cache = false;
    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(read));
    leveldb::WriteBatch marks;
    std::string last_user, key_of_mark, value;
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
        const std::string_view key = view(it->key());
        std::string_view user;
        uint64_t seq = 0;
        if (key.starts_with(kMarkPrefix) && decodeNumber(key, view(it->value()), &seq) &&
            seq <= kSeqMax) {
            *highest = std::max(*highest, seq);
        }
        if (!splitQueueKey(key, &user, &seq)) continue;
        *highest = std::max(*highest, seq);
        if (user == last_user) continue;
        last_user.assign(user);
        markKey(user, &key_of_mark);
        if (db_->Get(read, key_of_mark, &value).ok()) continue;
        encodeNumber(key_of_mark, 0, &value);
        marks.Put(key_of_mark, value);
    }
    // A block that cannot be read hides its keys: then only the clock keeps numbers apart.
    if (!it->status().ok() && !it->status().IsCorruption()) return it->status();
    return db_->Write({}, &marks);
}

void Database::stageSeqBound(leveldb::WriteBatch* batch) {
    seq_bound_staged_ = seq_bound_;
    if (last_seq_ < seq_bound_) return;
    seq_bound_staged_ = last_seq_ + kSeqStep;
    std::string value;
    encodeNumber(kSeqKey, seq_bound_staged_, &value);
    batch->Put(leveldb::Slice(kSeqKey.data(), kSeqKey.size()), value);
}

sara_status Database::write(leveldb::WriteBatch* batch, bool sync) {
    if (state_ != SARA_OK) return state_;
    leveldb::WriteOptions options;
    options.sync = sync;
    const leveldb::Status status = db_->Write(options, batch);
    if (!status.ok()) {
        poison(status);
        return state_;
    }
    seq_bound_ = seq_bound_staged_;
    return SARA_OK;
}

void Database::poison(const leveldb::Status& status) {
    state_ = toStatus(status);
    damaged_ = status.IsCorruption();
    log_again_ms_ = host_.wallMs() + kLogAgainMs;
    host_.add(Metric::kErrors, 1);
    host_.log(SARA_LOG_ERROR, "store: nothing can be stored: " + status.ToString());
}

sara_status Database::readFailed(const leveldb::Status& status) {
    host_.add(status.IsCorruption() ? Metric::kCorrupt : Metric::kErrors, 1);
    host_.log(SARA_LOG_ERROR, "store: reading failed: " + status.ToString());
    return toStatus(status);
}

leveldb::Status Database::probe() {
    // As much as opening may have to write, so that the old handle is given up only for a disk that
    // can take a new one; until then it serves reads.
    const std::string name = folder_ + "/probe";
    const std::string block(64 * 1024, '\0');
    leveldb::WritableFile* raw = nullptr;
    leveldb::Status status = env_->NewWritableFile(name, &raw);
    const std::unique_ptr<leveldb::WritableFile> file(raw);
    for (size_t n = 0; status.ok() && n < settings_.write_buffer_bytes; n += block.size()) {
        status = file->Append(block);
    }
    if (status.ok()) status = file->Sync();
    if (status.ok()) status = file->Close();
    env_->RemoveFile(name);
    return status;
}

bool Database::tryRecover() {
    std::string error;
    if (leveldb::Status status = probe(); !status.ok()) {
        state_ = toStatus(status);
        error = status.ToString();
    } else {
        // After a failed write LevelDB cannot tell what its log holds: only reading it again can.
        db_.reset();
        error = openOrRepair();
    }
    if (error.empty()) {
        state_ = SARA_OK;
        host_.log(SARA_LOG_WARN, "store: works again");
        return true;
    }
    if (host_.wallMs() >= log_again_ms_) {
        log_again_ms_ = host_.wallMs() + kLogAgainMs;
        host_.log(SARA_LOG_ERROR, "store: still nothing can be stored: " + error);
    }
    return false;
}

}  // namespace sara::store_embedded
