import { Ellipsis, Pencil, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "@/components/icon-button/icon-button";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/menu/menu";

interface EditMenuProps {
  /** What it is the menu of. */
  name: string;
  /** Left out where the thing cannot be changed. */
  onEdit?: (() => void) | undefined;
  onDelete?: (() => void) | undefined;
  /** Items before these two. */
  children?: ReactNode;
  className?: string;
}

/** What can be done with a thing on a card, besides its main use. */
export function EditMenu({ name, onEdit, onDelete, children, className = "" }: EditMenuProps) {
  return (
    <Menu>
      <MenuTrigger>
        <IconButton label={`More for ${name}`} className={className}>
          <Ellipsis />
        </IconButton>
      </MenuTrigger>
      <MenuContent>
        {children}
        {onEdit && (
          <MenuItem onSelect={onEdit}>
            <Pencil />
            Edit
          </MenuItem>
        )}
        {onDelete && (
          <MenuItem onSelect={onDelete} className="text-danger">
            <Trash2 />
            Delete
          </MenuItem>
        )}
      </MenuContent>
    </Menu>
  );
}
