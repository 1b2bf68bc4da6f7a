#include "auth-callback/outbox_store.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

namespace sara::auth_callback {
namespace {

constexpr char kRow = 'n';
constexpr int kCopiesMax = 8;  // docs/limits.md: callback_outbox_copies_max

// Rows sort by seq: big-endian.
std::string keyOf(uint64_t seq) {
    std::string key(1, kRow);
    for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(seq >> shift);
    return key;
}

uint64_t readNumber(std::string_view bytes) {
    uint64_t number = 0;
    for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

// created (8), length of the recipient (2), recipient, body.
std::string rowOf(const StoredNotice& notice) {
    std::string row;
    row.reserve(10 + notice.recipient.size() + notice.body.size());
    for (int shift = 56; shift >= 0; shift -= 8) {
        row += static_cast<char>(notice.created_ms >> shift);
    }
    row += static_cast<char>(notice.recipient.size() >> 8);
    row += static_cast<char>(notice.recipient.size());
    row += notice.recipient;
    row += notice.body;
    return row;
}

std::optional<StoredNotice> readRow(std::string_view key, std::string_view row) {
    if (key.size() != 9 || key[0] != kRow || row.size() < 10) return std::nullopt;
    const uint64_t name = readNumber(row.substr(8, 2));
    if (row.size() < 10 + name) return std::nullopt;
    return StoredNotice{readNumber(key.substr(1)), readNumber(row.substr(0, 8)),
                        std::string(row.substr(10, name)), std::string(row.substr(10 + name))};
}

std::string_view view(const leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

std::string makeFolder(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return path + " cannot be created: " + std::strerror(errno);
}

// The database moves beside its place, under the first free number.
bool putAside(const std::string& folder, std::string* to) {
    std::error_code error;
    for (int i = 1; i <= kCopiesMax; ++i) {
        *to = folder + ".damaged-" + std::to_string(i);
        if (std::filesystem::exists(*to, error)) continue;
        std::filesystem::rename(folder, *to, error);
        return !error;
    }
    return false;
}

leveldb::Options options() {
    leveldb::Options o;
    o.create_if_missing = true;
    o.paranoid_checks = true;
    o.write_buffer_size = 4u << 20;
    o.max_open_files = 64;
    return o;
}

}  // namespace

leveldb::Status OutboxStore::openOnce() {
    leveldb::DB* db = nullptr;
    const leveldb::Status status = leveldb::DB::Open(options(), folder_, &db);
    db_.reset(db);
    return status;
}

std::string OutboxStore::open(const std::string& datadir, std::string* remark) {
    if (std::string error = makeFolder(datadir); !error.empty()) return error;
    folder_ = datadir + "/outbox";
    const leveldb::Status status = openOnce();
    if (status.ok()) return {};
    // A lock, rights, a full disk: nothing that a repair could better.
    if (!status.IsCorruption()) return folder_ + " cannot be opened: " + status.ToString();
    return repair(remark);
}

std::string OutboxStore::repair(std::string* remark) {
    db_.reset();
    *remark = folder_ + " was damaged; it is repaired";
    leveldb::Status status = leveldb::RepairDB(folder_, options());
    if (status.ok()) status = openOnce();
    std::string aside;
    if (!status.ok() && putAside(folder_, &aside)) {
        *remark = folder_ + " was damaged beyond repair (" + status.ToString() + "); it lies in " +
                  aside + " now, the notices in it are not sent";
        status = openOnce();
    }
    return status.ok() ? std::string() : folder_ + " cannot be opened: " + status.ToString();
}

bool OutboxStore::good(const leveldb::Status& status) {
    if (status.ok()) return true;
    error_ = folder_ + ": " + status.ToString();
    return false;
}

bool OutboxStore::each(const std::function<void(const StoredNotice&)>& f) {
    leveldb::ReadOptions read;
    read.fill_cache = false;
    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(read));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
        if (const auto notice = readRow(view(it->key()), view(it->value()))) f(*notice);
    }
    return good(it->status());
}

bool OutboxStore::usable() {
    if (db_ != nullptr && !failed_) return true;
    db_.reset();
    failed_ = !good(openOnce());
    return !failed_;
}

bool OutboxStore::put(const std::vector<StoredNotice>& notices) {
    if (!usable()) return false;
    leveldb::WriteBatch batch;
    for (const StoredNotice& notice : notices) batch.Put(keyOf(notice.seq), rowOf(notice));
    leveldb::WriteOptions sync;
    sync.sync = true;
    failed_ = !good(db_->Write(sync, &batch));
    return !failed_;
}

Status OutboxStore::body(uint64_t seq, std::string* body) {
    if (!usable()) return Status::kIo;
    leveldb::ReadOptions read;
    read.verify_checksums = true;
    std::string row;
    const leveldb::Status status = db_->Get(read, keyOf(seq), &row);
    if (!good(status)) {
        return status.IsNotFound() || status.IsCorruption() ? Status::kNotFound : Status::kIo;
    }
    auto notice = readRow(keyOf(seq), row);
    if (!notice) {
        error_ = folder_ + ": a row is no notice";
        return Status::kNotFound;
    }
    *body = std::move(notice->body);
    return Status::kOk;
}

bool OutboxStore::erase(const std::vector<uint64_t>& seqs) {
    if (!usable()) return false;
    leveldb::WriteBatch batch;
    for (const uint64_t seq : seqs) batch.Delete(keyOf(seq));
    failed_ = !good(db_->Write(leveldb::WriteOptions(), &batch));
    return !failed_;
}

}  // namespace sara::auth_callback
