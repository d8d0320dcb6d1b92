import type { ComponentProps } from "react";
import { Button } from "@/components/button/button";
import { Tooltip } from "@/components/tooltip/tooltip";

interface IconButtonProps extends Omit<ComponentProps<typeof Button>, "aria-label"> {
  /** What it does, for the tooltip and for screen readers. */
  label: string;
}

/** A button that is only an icon, which therefore always says what it does. */
export function IconButton({ label, look = "ghost", size = "icon-sm", ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <Button aria-label={label} look={look} size={size} {...rest} />
    </Tooltip>
  );
}
