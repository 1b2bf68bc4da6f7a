#include "boot/elf_image.h"

#include <elf.h>

#include <cstring>

namespace sara::boot {

namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr uint16_t kMachine = EM_RISCV;
#else
#error "add the ELF machine number of this architecture"
#endif

// Copies a T out of the file; false when it is not wholly inside. Copying keeps us free of
// alignment.
template <typename T>
bool readAt(std::span<const uint8_t> bytes, uint64_t offset, T* out) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
    std::memcpy(out, bytes.data() + offset, sizeof(T));
    return true;
}

}  // namespace

std::optional<ElfImage> ElfImage::read(std::span<const uint8_t> bytes, std::string* error) {
    Elf64_Ehdr head;
    if (bytes.size() < SELFMAG || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) {
        *error = "is not an ELF file";
        return std::nullopt;
    }
    if (!readAt(bytes, 0, &head)) {
        *error = "is a truncated ELF file";
        return std::nullopt;
    }
    if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
        head.e_machine != kMachine) {
        *error = "is an ELF file for another machine (number " + std::to_string(head.e_machine) +
                 ", this server is " + std::to_string(kMachine) + ")";
        return std::nullopt;
    }
    if (head.e_type != ET_DYN) {
        *error = "is not a shared object";
        return std::nullopt;
    }
    ElfImage image;
    image.bytes_ = bytes;
    if (!image.readSections(error)) return std::nullopt;
    return image;
}

bool ElfImage::readSections(std::string* error) {
    Elf64_Ehdr head;
    if (!readAt(bytes_, 0, &head)) return false;
    // e_shnum 0 with a table means "too many, see section 0"; no plugin has that many.
    if (head.e_shoff == 0 || head.e_shnum == 0) return true;
    if (head.e_shentsize != sizeof(Elf64_Shdr)) {
        *error = "has a damaged section table";
        return false;
    }
    sections_.reserve(head.e_shnum);
    for (uint64_t i = 0; i < head.e_shnum; ++i) {
        Elf64_Shdr raw;
        // e_shoff + i * 64 may wrap: then readAt sees an offset inside the file, which harms
        // nobody, but the file is damaged all the same.
        if (head.e_shoff > bytes_.size() || !readAt(bytes_, head.e_shoff + i * sizeof raw, &raw)) {
            *error = "has a damaged section table";
            return false;
        }
        Section s{raw.sh_name, raw.sh_type, raw.sh_offset,
                  raw.sh_size, raw.sh_link, raw.sh_entsize};
        if (s.type == SHT_NOBITS || s.type == SHT_NULL) s.size = 0;
        if (s.size > 0 && (s.offset > bytes_.size() || bytes_.size() - s.offset < s.size)) {
            *error = "has a section outside of the file";
            return false;
        }
        sections_.push_back(s);
    }
    if (head.e_shstrndx < sections_.size()) names_ = content(sections_[head.e_shstrndx]);
    return true;
}

std::string_view ElfImage::content(const Section& s) const {
    if (s.size == 0) return {};
    return {reinterpret_cast<const char*>(bytes_.data()) + s.offset, static_cast<size_t>(s.size)};
}

std::string_view ElfImage::nameAt(std::string_view table, uint64_t offset) {
    if (offset >= table.size()) return {};
    const std::string_view rest = table.substr(static_cast<size_t>(offset));
    const size_t end = rest.find('\0');
    return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

std::optional<std::string_view> ElfImage::section(std::string_view name) const {
    for (const Section& s : sections_) {
        if (s.type != SHT_NOBITS && s.type != SHT_NULL && nameAt(names_, s.name) == name) {
            return content(s);
        }
    }
    return std::nullopt;
}

std::vector<std::string> ElfImage::exportedFunctions(std::string_view prefix) const {
    std::vector<std::string> found;
    for (const Section& s : sections_) {
        if (s.type != SHT_DYNSYM || s.link >= sections_.size()) continue;
        const std::string_view symbols = content(s);
        const std::string_view names = content(sections_[s.link]);
        for (size_t at = 0; symbols.size() - at >= sizeof(Elf64_Sym); at += sizeof(Elf64_Sym)) {
            Elf64_Sym symbol;
            std::memcpy(&symbol, symbols.data() + at, sizeof symbol);
            if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL ||
                ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) {
                continue;
            }
            const std::string_view name = nameAt(names, symbol.st_name);
            if (name.substr(0, prefix.size()) == prefix) found.emplace_back(name);
        }
    }
    return found;
}

}  // namespace sara::boot
