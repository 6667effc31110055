// Runs a fuzzer's target without libFuzzer: fuzz --target=NAME [-n MUTATIONS] [-s SEED] FILE...
// Each line of each file is an input, and then MUTATIONS random changes of random inputs. In a file that ends in .seeds
// a line may hold \r, \n, \t, \\ and \xNN; of any other file the whole is an input too.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerInitialize(int* count, char*** words);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

using Random = std::mt19937_64;

constexpr std::size_t kInputBytesMax = 1 << 20;
constexpr std::string_view kPieces[] = {"\"",
                                        "\\",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        ":",
                                        " ",
                                        "\n",
                                        "\\u0041",
                                        "\\ud83d",
                                        "\\x",
                                        "\"a\":1,",
                                        "null",
                                        "true",
                                        "tru",
                                        "01",
                                        "1e400",
                                        "-",
                                        "1.5",
                                        "\x80",
                                        "\xc3\xa9",
                                        "\x01",
                                        "},{\"",
                                        "\"eventName\":\"x\",",
                                        "\"errorCode\":7,",
                                        "[[[[",
                                        "]]]]",
                                        "\\\\",
                                        "\"Records\":[",
                                        "{\"Records\":[{",
                                        "\x1e",
                                        "\xef\xbb\xbf",
                                        "\\\"",
                                        "\"userIdentity\":{\"type\":null},",
                                        "\t",
                                        "/",
                                        "e",
                                        "0"};

void run(std::string_view input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::size_t place_in(const std::string& text, Random& random) {
  return text.empty() ? 0 : random() % (text.size() + 1);
}

void mutate(std::string& text, const std::vector<std::string>& inputs, Random& random) {
  const std::size_t at = place_in(text, random);
  const std::size_t some = random() % 4 == 0 ? random() % 400 : random() % 8;
  switch (random() % 7) {
    case 0:
      text.erase(at, some + 1);
      break;
    case 1:
      text.insert(at, kPieces[random() % std::size(kPieces)]);
      break;
    case 2:
      if (at < text.size()) text[at] = static_cast<char>(random());
      break;
    case 3:
      if (at < text.size()) text.replace(at, 1, kPieces[random() % std::size(kPieces)]);
      break;
    case 4:
      text.insert(place_in(text, random), text.substr(at, some));
      break;
    case 5: {
      const std::string& other = inputs[random() % inputs.size()];
      const std::size_t from = random() % (other.size() + 1);
      text.replace(at, random() % 2 * some, other.substr(from, random() % 200));
      break;
    }
    default:
      text += (random() % 2 == 0 ? "\n" : ",") + inputs[random() % inputs.size()];
  }
  if (text.size() > kInputBytesMax) text.resize(kInputBytesMax);
}

std::string contents(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s: cannot be read\n", path);
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

// What a line of a .seeds file stands for.
std::string unescaped(std::string_view line) {
  std::string bytes;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      bytes += line[i];
      continue;
    }
    const char kind = line[++i];
    if (kind == 'x' && i + 2 < line.size()) {
      bytes += static_cast<char>(std::strtoul(std::string(line.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      bytes += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
    }
  }
  return bytes;
}

void add_inputs(const char* path, std::vector<std::string>& inputs) {
  const bool seeds = std::string_view(path).ends_with(".seeds");
  const std::string text = contents(path);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (!line.empty()) inputs.push_back(seeds ? unescaped(line) : std::string(line));
    at = end + 1;
  }
  if (!seeds) run(text);
}

}  // namespace

int main(int count, char** words) {
  std::uint64_t mutations = 10'000, seed = 1;
  std::vector<std::string> inputs;
  LLVMFuzzerInitialize(&count, &words);
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if ((word == "-n" || word == "-s") && i + 1 < count) {
      (word == "-n" ? mutations : seed) = std::strtoull(words[++i], nullptr, 10);
    } else if (!word.starts_with("--")) {
      add_inputs(words[i], inputs);
    }
  }
  for (const std::string& input : inputs) run(input);
  if (inputs.empty()) inputs.emplace_back();
  Random random(seed);
  for (std::uint64_t i = 0; i < mutations; ++i) {
    std::string text = inputs[random() % inputs.size()];
    if (text.size() > 20'000 && random() % 50 != 0) text.resize(20'000);
    for (std::uint64_t changes = random() % 4 + 1; changes > 0; --changes) mutate(text, inputs, random);
    run(text);
  }
  std::printf("%zu inputs, %llu mutations, seed %llu\n", inputs.size(), static_cast<unsigned long long>(mutations),
              static_cast<unsigned long long>(seed));
}
