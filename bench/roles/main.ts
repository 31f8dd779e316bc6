// Plays one role in a process of its own: `main.ts contender address role sizes`. Says when it is ready, goes when it is
// told to, and answers with its figures.
import { loadContender } from "../contenders.ts";
import type { Role, Sizes } from "./role.ts";

const [, , contenderName = "", address = "", roleName = "", sizesText = "{}"] = process.argv;
const sizes = JSON.parse(sizesText) as Sizes;

function tell(word: unknown): void {
  process.send?.(word);
}

async function play(): Promise<void> {
  const contender = await loadContender(contenderName);
  const { role } = (await import(`./${roleName}.ts`)) as { role: Role };
  const go = await role({
    address,
    connect: () => contender.connect(address),
    size(name) {
      const size = sizes[name];
      if (size === undefined) throw new RangeError(`The scenario gives no ${name}.`);
      return size;
    },
  });
  process.once("message", () => {
    go().then(
      (figures) => tell({ figures: { ...figures, ...contender.sent?.() } }),
      (error) => tell({ failure: String(error) }),
    );
  });
  tell("ready");
}

// A lost runner takes its roles along.
process.once("disconnect", () => process.exit(1));
await play();
