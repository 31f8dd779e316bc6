import { defineTasks, task } from "durable-queue/tasks";

export const tasks = defineTasks("pictures", {
  resize: task({
    run: async ({ file, width }: { file: string; width: number }) => {
      if (width <= 0) throw new RangeError(`No picture is ${width} pixels wide.`);
      return { key: `${width}/${file}` };
    },
  }),
});
